import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { v7 } from 'uuid';
import { selectClient } from '../../../cli/gateway/selectClient.ts';
import type { TemporalClient, WorkflowStart } from '../../../cli/gateway/gateway.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import * as fake from '../../fixtures/temporal/fakeTemporal.ts';
import { statusQuery } from '../../../contract/status.ts';

type Answers = Readonly<Record<string, readonly fake.Answer[]>>;
type Fake = Awaited<ReturnType<typeof fake.startFakeTemporal>>;

const START = 'StartWorkflowExecution';
const DESCRIBE = 'DescribeWorkflowExecution';

for (const kind of ['lean', 'sdk'] as const) {
  describe(`the ${kind} client with a misbehaving server`, () => {
    async function against<T>(answers: Answers, use: (calls: TemporalClient, server: Fake) => Promise<T>) {
      const server = await fake.startFakeTemporal(answers);
      const calls = await selectClient(
        { address: server.address, namespace: 'default', deadlineSeconds: 3 },
        { OHF_GATEWAY: kind },
      );
      try {
        await calls.connect();
        return await use(calls, server);
      } finally {
        await calls.close();
        await server.stop();
      }
    }
    const starting = (...answers: fake.Answer[]) =>
      against({ [START]: answers }, async (calls, server) => {
        const outcome = await calls.start(workflow()).catch((error: unknown) => error);
        return { outcome, sent: server.callsOf(START).length };
      });

    for (const [what, answer] of [
      ['INVALID_ARGUMENT', fake.status(3, 'no such queue')],
      ['PERMISSION_DENIED', fake.status(7, 'not yours')],
      ['UNAUTHENTICATED', fake.status(16, 'who are you')],
      ['FAILED_PRECONDITION after headers', fake.lateStatus(9, 'no such queue')],
      ['HTTP 403 of a proxy', fake.http(403)],
    ] as const) {
      it(`the ${kind} client fails at once after ${what}, and does not retry the start`, async () => {
        const { outcome, sent } = await starting(answer, answer, answer);
        assert.ok(outcome instanceof UnavailableError, String(outcome));
        assert.equal(sent, 1);
      });
    }

    for (const [what, answer] of [
      ['UNAVAILABLE', fake.status(14, 'shutting down')],
      ['INTERNAL after headers', fake.lateStatus(13, 'oh')],
      ['DEADLINE_EXCEEDED', fake.status(4, 'too slow')],
      ['HTTP 503 of a proxy', fake.http(503)],
      ['a stream that is cancelled', fake.reset(constants.NGHTTP2_CANCEL)],
      ['a connection that is lost', fake.disconnect],
      ['no answer', fake.silence],
    ] as const) {
      it(`the ${kind} client leaves a start unconfirmed after ${what}, and does not retry it`, async () => {
        assert.deepEqual(await starting(answer), { outcome: 'unconfirmed', sent: 1 });
      });
    }

    it(`the ${kind} client treats ALREADY_EXISTS as its own start`, async () => {
      assert.deepEqual(await starting(fake.status(6, 'is there')), { outcome: 'started', sent: 1 });
    });

    it(`the ${kind} client retries a start that the server rejected because of load`, async () => {
      assert.deepEqual(await starting(fake.status(8, 'busy')), { outcome: 'started', sent: 2 });
      const { outcome, sent } = await starting(...Array<fake.Answer>(9).fill(fake.status(8, 'busy')));
      assert.match(String(outcome), /busy/);
      assert.equal(sent, 3);
    });

    it(`the ${kind} client retries a start that the server has not processed`, async () => {
      const refused = fake.reset(constants.NGHTTP2_REFUSED_STREAM);
      assert.deepEqual(await starting(refused), { outcome: 'started', sent: 2 });
    });

    it(`the ${kind} client reports the server’s own message`, async () => {
      await against(
        { [DESCRIBE]: Array<fake.Answer>(9).fill(fake.status(7, 'nicht%20f%C3%BCr dich')) },
        (calls) => assert.rejects(calls.describe('req-1'), /could not describe req-1: nicht für dich$/),
      );
    });

    it(`the ${kind} client does not treat an empty response as a workflow`, async () => {
      await against({}, async (calls) => {
        await assert.rejects(calls.describe('req-1'));
        assert.deepEqual(await calls.query('req-1', statusQuery, { offset: 0 }), { kind: 'unanswered' });
        await assert.rejects(calls.readInput('req-1', 'run'), UnavailableError);
      });
    });

    it(`the ${kind} client sends namespace and deadline with each call`, async () => {
      await against({}, async (calls, server) => {
        await calls.start(workflow());
        const headers = server.callsOf(START)[0]?.headers ?? {};
        assert.equal(headers['temporal-namespace'], 'default');
        assert.match(String(headers['grpc-timeout']), /^\d+[mun]$/);
      });
    });
  });
}

describe('the lean client', () => {
  const open = (address: string, answers = {}) =>
    selectClient({ address, namespace: 'default', deadlineSeconds: 3, ...answers }, { OHF_GATEWAY: 'lean' });

  it('the lean client retries a read once after a lost connection', async () => {
    const notFound = fake.status(5, 'not found');
    const server = await fake.startFakeTemporal({ [DESCRIBE]: [fake.disconnect, notFound] });
    const calls = await open(server.address);
    assert.equal(await calls.describe('req-1'), undefined);
    assert.equal(server.callsOf(DESCRIBE).length, 2);
    await calls.close();
    await server.stop();
    const worse = await fake.startFakeTemporal({ [DESCRIBE]: [fake.disconnect, fake.disconnect, notFound] });
    const others = await open(worse.address);
    await assert.rejects(others.describe('req-1'), UnavailableError);
    await others.close();
    await worse.stop();
  });
});

function workflow(): WorkflowStart {
  const workflowId = `req-${v7()}`;
  return {
    workflowType: 'machineRequest',
    workflowId,
    taskQueue: 'queue',
    input: { v: 1, returnId: workflowId, deployment: 'd', provider: 'p', createdAt: 1, machines: [] },
    memo: { v: 1, status: 'running', message: '' },
    attributes: { HfState: 'returning', HfProvider: 'p', HfRequestType: 'return', HfCount: 0 },
    summary: '',
    details: '',
  };
}
