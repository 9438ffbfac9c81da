import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { defaultPayloadConverter } from '@temporalio/client';
import { v7 } from 'uuid';
import { selectClient } from '../../../cli/gateway/selectClient.ts';
import type { TemporalClient, WorkflowStart } from '../../../cli/gateway/gateway.ts';
import type { TemporalConfig } from '../../../config/index.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import { packMachines } from '../../../domain/machine/packed.ts';
import {
  answerQueries,
  completeNext,
  startDevServer,
  type DevServer,
} from '../../fixtures/temporal/devServer.ts';
import { certificate, privateKey, startTlsFront } from '../../fixtures/temporal/tlsFront.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';
import { statusQuery } from '../../../contract/status.ts';
import { signal } from '../../../contract/definitions.ts';

const view: StatusView = {
  v: 1,
  status: 'complete',
  message: 'done — fertig',
  total: 0,
  offset: 0,
  machines: packMachines([]),
};

let temporal: DevServer;
describe('calls to Temporal', () => {
  before(async () => {
    temporal = await startDevServer();
  });
  after(() => temporal?.stop());
  for (const kind of ['lean', 'sdk'] as const) describe(`by the ${kind} client`, () => contract(kind));

  it('both clients start the same workflow', async () => {
    const started: unknown[] = [];
    const workflow = toStart('same');
    for (const kind of ['lean', 'sdk'] as const) {
      const calls = await selectClient(config(), { OHF_GATEWAY: kind });
      const workflowId = `req-${v7()}`;
      await calls.start({ ...workflow, workflowId });
      await calls.close();
      started.push(await firstEvent(workflowId));
    }
    assert.match(JSON.stringify(started[0]), /HfTemplate.*HfCount|HfCount.*HfTemplate/);
    assert.deepEqual(started[0], started[1]);
  });
});

/** The server's record of a start, without the fields that differ between any two starts. */
async function firstEvent(workflowId: string): Promise<unknown> {
  const { events } = await temporal.client.workflow.getHandle(workflowId).fetchHistory();
  const { workflowExecutionStartedEventAttributes: attributes, userMetadata } = events?.[0] ?? {};
  assert.match(attributes?.identity ?? '', /^\d+@./);
  const own = ['identity', 'originalExecutionRunId', 'firstExecutionRunId', 'workflowId', 'header'];
  const kept = Object.entries(attributes ?? {}).filter(([name]) => !own.includes(name));
  return JSON.parse(JSON.stringify([Object.fromEntries(kept), userMetadata]));
}

const config = (more: Partial<TemporalConfig> = {}): TemporalConfig => ({
  address: temporal.address,
  namespace: 'default',
  deadlineSeconds: 8,
  ...more,
});

function toStart(queue: string): WorkflowStart {
  const workflowId = `req-${v7()}`;
  return {
    workflowType: 'machineRequest',
    workflowId,
    taskQueue: `contract-${queue}`,
    input: {
      v: 1,
      requestId: workflowId,
      deployment: 'contract',
      provider: 'aws',
      createdAt: 1,
      count: 5,
      deadlineSeconds: 900,
    },
    memo: { v: 1, status: 'running', message: 'é' },
    attributes: {
      HfState: 'provisioning',
      HfTemplate: 'demo',
      HfProvider: 'aws',
      HfRequestType: 'create',
      HfCount: 5,
    },
    summary: '5 x demo',
    details: '- **template**: demo',
  };
}

function contract(kind: 'lean' | 'sdk'): void {
  const opened: TemporalClient[] = [];
  const open = async (more: Partial<TemporalConfig> = {}): Promise<TemporalClient> => {
    const calls = await selectClient(config(more), { OHF_GATEWAY: kind });
    opened.push(calls);
    return calls;
  };
  afterEach(() => Promise.all(opened.splice(0).map((calls) => calls.close())));
  const queue = (name: string): string => `${kind}-${name}`;

  it(`the ${kind} client starts a workflow, and treats one with the same id as its own`, async () => {
    const calls = await open();
    const workflow = toStart(queue('start'));
    await calls.connect();
    assert.equal(await calls.start(workflow), 'started');
    assert.equal(await calls.start(workflow), 'started');
    const described = await calls.describe(workflow.workflowId);
    assert.ok(described?.isOpen);
    await completeNext(temporal.client, workflow.taskQueue, view);
    assert.equal(await calls.start(workflow), 'started');
    assert.equal((await calls.describe(workflow.workflowId))?.runId, described.runId);
  });

  it(`the ${kind} client starts a permanent workflow once, and again after it was terminated`, async () => {
    const calls = await open();
    const workflow: WorkflowStart = {
      ...toStart(queue('always')),
      attributes: { HfProvider: 'aws' },
      startIfNotRunning: true,
    };
    const run = async (): Promise<string | undefined> => {
      assert.equal(await calls.start(workflow), 'started');
      return (await calls.describe(workflow.workflowId))?.runId;
    };
    const first = await run();
    assert.equal(await run(), first);
    await temporal.client.workflow.getHandle(workflow.workflowId).terminate();
    assert.notEqual(await run(), first);
  });

  it(`the ${kind} client signals a workflow, and fails if there is none`, async () => {
    const calls = await open();
    const workflow = toStart(queue('signal'));
    await calls.start(workflow);
    await calls.signal(workflow.workflowId, signal<object>('news'), { of: 'ümläut' });
    const { events } = await temporal.client.workflow.getHandle(workflow.workflowId).fetchHistory();
    const { signalName, input } =
      events?.find((event) => event.workflowExecutionSignaledEventAttributes)
        ?.workflowExecutionSignaledEventAttributes ?? {};
    assert.equal(signalName, 'news');
    assert.deepEqual(defaultPayloadConverter.fromPayload(input?.payloads?.[0] ?? {}), { of: 'ümläut' });
    await assert.rejects(calls.signal(`req-${v7()}`, signal<object>('news'), {}), UnavailableError);
  });

  it(`the ${kind} client describes open, completed and terminated workflows`, async () => {
    const calls = await open();
    const workflow = toStart(queue('describe'));
    await calls.start(workflow);
    const { runId, startedAt, ...open1 } = (await calls.describe(workflow.workflowId)) ?? {};
    assert.match(String(runId), /^[-0-9a-f]{36}$/);
    const { startTime } = await temporal.client.workflow.getHandle(workflow.workflowId).describe();
    assert.equal(Math.floor(Number(startedAt) / 1_000), Math.floor(startTime.getTime() / 1_000));
    assert.deepEqual(open1, {
      isOpen: true,
      isCompleted: false,
      statusName: 'RUNNING',
      memo: { v: 1, status: 'running', message: 'é' },
    });
    await completeNext(temporal.client, workflow.taskQueue, view);
    const completed = await calls.describe(workflow.workflowId);
    assert.deepEqual([completed?.isOpen, completed?.statusName], [false, 'COMPLETED']);
    const other = toStart(queue('describe'));
    await calls.start(other);
    await temporal.client.workflow.getHandle(other.workflowId).terminate();
    assert.equal((await calls.describe(other.workflowId))?.statusName, 'TERMINATED');
  });

  it(`the ${kind} client reads the input of an open workflow and the result of a completed one`, async () => {
    const calls = await open();
    const workflow = toStart(queue('result'));
    await calls.start(workflow);
    const { runId = '' } = (await calls.describe(workflow.workflowId)) ?? {};
    assert.deepEqual(await calls.readInput(workflow.workflowId, runId), workflow.input);
    await completeNext(temporal.client, workflow.taskQueue, view);
    assert.deepEqual(await calls.readResult(workflow.workflowId, runId), view);
    assert.deepEqual(await calls.query(workflow.workflowId, statusQuery, { offset: 0 }), { kind: 'closed' });
  });

  it(`the ${kind} client fails to read the result of a terminated workflow`, async () => {
    const calls = await open();
    const workflow = toStart(queue('terminated'));
    await calls.start(workflow);
    await temporal.client.workflow.getHandle(workflow.workflowId).terminate();
    const { runId = '' } = (await calls.describe(workflow.workflowId)) ?? {};
    await assert.rejects(calls.readResult(workflow.workflowId, runId), UnavailableError);
  });

  it(`the ${kind} client queries a workflow for one page, also a large one`, async () => {
    const calls = await open();
    const workflow = toStart(queue('query'));
    await calls.start(workflow);
    const big = 'x'.repeat(1_500_000);
    const worker = answerQueries(temporal.client, workflow.taskQueue, (page) => ({ ...view, page, big }));
    const answer = await calls.query(workflow.workflowId, statusQuery, { offset: 4_000 });
    await worker.stop();
    assert.deepEqual(answer, { kind: 'reply', reply: { ...view, page: { offset: 4_000 }, big } });
  });

  it(`the ${kind} client reports in time that no worker answers a query`, async () => {
    const calls = await open();
    const workflow = toStart(queue('no-worker'));
    await calls.start(workflow);
    const began = Date.now();
    assert.deepEqual(await calls.query(workflow.workflowId, statusQuery, { offset: 0 }), {
      kind: 'unanswered',
    });
    assert.ok(Date.now() - began < 2_500);
  });

  it(`the ${kind} client reports that a workflow does not exist`, async () => {
    const calls = await open();
    const id = `req-${v7()}`;
    assert.deepEqual(await calls.query(id, statusQuery, { offset: 0 }), { kind: 'notFound' });
    assert.equal(await calls.describe(id), undefined);
    await assert.rejects(calls.readInput(id, v7()), UnavailableError);
  });

  it(`the ${kind} client distinguishes a missing namespace from a missing workflow`, async () => {
    const calls = await open({ namespace: 'nowhere' });
    assert.deepEqual(await calls.query('req-1', statusQuery, { offset: 0 }), { kind: 'unanswered' });
    await assert.rejects(calls.describe('req-1'), /could not describe req-1: .*nowhere/);
    await assert.rejects(calls.start(toStart('nowhere')), /could not start machineRequest: .*nowhere/);
  });

  it(`the ${kind} client fails on a refused connection, and on a server that never answers`, async () => {
    await assert.rejects(
      (await open({ address: '127.0.0.1:1' })).connect(),
      /^UnavailableError: Temporal at 127\.0\.0\.1:1 cannot be reached \(/,
    );
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const address = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const began = Date.now();
    await assert.rejects((await open({ address })).connect(), /cannot be reached/);
    for (const socket of sockets) socket.destroy();
    mute.close();
    assert.ok(Date.now() - began < 4_000);
  });

  it(`the ${kind} client keeps the deadline of the whole operation`, async () => {
    const calls = await open({ deadlineSeconds: 1 });
    const workflow = toStart(queue('deadline'));
    await calls.start(workflow);
    // The server reports "no worker" one second before the deadline, so with this deadline it never does.
    assert.deepEqual(await calls.query(workflow.workflowId, statusQuery, { offset: 0 }), {
      kind: 'unanswered',
    });
    await assert.rejects(calls.describe(workflow.workflowId), UnavailableError);
  });

  describe('over TLS', () => {
    const tls = { serverNameOverride: 'temporal.test', caFile: certificate('ca') };
    const pair = { certFile: certificate('client'), keyFile: privateKey('client-key') };

    it(`the ${kind} client reaches a TLS server that has the configured authority and name`, async () => {
      const front = await startTlsFront(temporal.address, { mutual: false });
      const calls = await open({ address: front.address, tls });
      await calls.connect();
      assert.equal(await calls.start(toStart(queue('tls'))), 'started');
      const { serverNameOverride: _, ...otherName } = tls;
      await assert.rejects((await open({ address: front.address, tls: otherName })).connect());
      await assert.rejects((await open({ address: front.address, tls: true })).connect(), UnavailableError);
      await assert.rejects((await open({ address: front.address })).connect(), UnavailableError);
      front.stop();
    });

    it(`the ${kind} client presents its certificate`, async () => {
      const front = await startTlsFront(temporal.address, { mutual: true });
      const calls = await open({ address: front.address, tls: { ...tls, ...pair } });
      await calls.connect();
      assert.equal(await calls.start(toStart(queue('mtls'))), 'started');
      await assert.rejects((await open({ address: front.address, tls })).connect(), UnavailableError);
      front.stop();
    });

    it(`the ${kind} client names a certificate file that cannot be read`, async () => {
      await assert.rejects(
        open({ tls: { caFile: '/none/ca.pem' } }),
        /temporal\.tls\.caFile: \/none\/ca\.pem/,
      );
    });
  });
}
