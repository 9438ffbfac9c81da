import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterName } from '../../../cli/operations/cluster.ts';
import { openSession } from '../../../cli/bus/session.ts';
import type { TemporalClient } from '../../../cli/gateway/gateway.ts';
import { createGateway } from '../../../cli/gateway/open.ts';
import { openLog } from '../../../cli/log.ts';
import { hfOperation } from '../../../cli/operations/registry.ts';
import { executeOperation } from '../../../cli/runOperation.ts';
import type { Environment } from '../../../config/index.ts';
import { packMachines } from '../../../domain/machine/packed.ts';
import type { LostHostsAnswer, LostHostsQuery } from '../../../domain/monitor/messages.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import { anObservation } from '../../fixtures/builders.ts';
import { temporal } from '../../fixtures/commandLine.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';
import { monitorStart } from '../../../contract/fleetMonitor.ts';

const ID = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';

const AS_HOST_FACTORY = ['-d', JSON.stringify({ requests: [{ requestId: ID }] })];

/** Runs an operation against a Temporal client with these replies. */
async function call(
  name: string,
  args: readonly string[],
  calls: Partial<TemporalClient>,
  env: Environment = {},
): Promise<{ document: object; signals: unknown[][] }> {
  const signals: unknown[][] = [];
  const log = openLog({}, name);
  const session = openSession(env, log, {
    gateway: async () =>
      createGateway(
        temporal({
          connect: async () => undefined,
          signal: async (id, { name: signal }, payload) => void signals.push([id, signal, payload]),
          ...calls,
        }),
        monitorStart('test', 'awsinst'),
      ),
  });
  const entry = hfOperation(name);
  assert.ok(entry);
  const { outcome, failure } = await executeOperation((await entry.load()).operation, args, session, log);
  if (!outcome) throw failure ?? new Error('no outcome');
  return { document: outcome.json(), signals };
}

describe('a status that Host Factory reads', () => {
  const machines = [
    { ...anObservation('i-1'), result: 'succeed' },
    { ...anObservation('i-2', { state: 'pending' }), result: 'executing' },
    { ...anObservation('i-3'), result: 'succeed' },
  ] as const;
  const view = (unacknowledged?: number): StatusView => ({
    v: 1,
    status: 'running',
    message: '',
    total: machines.length,
    offset: 0,
    machines: packMachines(machines.map((one) => ({ ...one, message: '', units: 1, release: 'held' }))),
    ...(unacknowledged === undefined ? {} : { unacknowledged }),
  });
  const answering = (unacknowledged?: number): Partial<TemporalClient> => ({
    query: async () => ({ kind: 'reply', reply: view(unacknowledged) }),
  });

  it('a status that Host Factory reads acknowledges the ready machines if their owner lacks the acknowledgement', async () => {
    const { signals } = await call('getRequestStatus', AS_HOST_FACTORY, answering(2));
    const acknowledged = { v: 1, machineIds: ['i-1', 'i-3'] };
    assert.deepEqual(signals, [
      [ID, 'acknowledge', acknowledged],
      [`own-${ID}`, 'acknowledge', acknowledged],
    ]);
  });

  it('a status that an operator reads acknowledges nothing', async () => {
    const { signals, document } = await call('getRequestStatus', [ID], answering(2));
    assert.deepEqual(signals, []);
    assert.deepEqual(document, (await call('getRequestStatus', AS_HOST_FACTORY, answering(2))).document);
  });

  it('a status acknowledges nothing if its owner has the acknowledgement or is of an older release', async () => {
    assert.deepEqual((await call('getRequestStatus', AS_HOST_FACTORY, answering())).signals, []);
  });

  it('a status is complete even if the acknowledgement does not reach the owner', async () => {
    const lost = { signal: () => Promise.reject(new UnavailableError('lost')) };
    const { document } = await call('getRequestStatus', AS_HOST_FACTORY, { ...answering(2), ...lost });
    assert.deepEqual(document, (await call('getRequestStatus', AS_HOST_FACTORY, answering(2))).document);
  });
});

describe('the statuses of several requests', () => {
  const OTHER = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ac';
  const view: StatusView = {
    v: 1,
    status: 'complete',
    message: '',
    total: 0,
    offset: 0,
    machines: packMachines([]),
  };
  /** Temporal has the status of all requests but these. */
  const withoutStatusOf = (...lost: readonly string[]): Partial<TemporalClient> => ({
    query: async (id) => (lost.includes(id) ? { kind: 'unanswered' } : { kind: 'reply', reply: view }),
    describe: () => Promise.reject(new UnavailableError('Temporal is slow.')),
  });
  const read = (requests: readonly unknown[], calls: Partial<TemporalClient>) =>
    call('getRequestStatus', ['-d', JSON.stringify({ requests })], calls);

  it('a status that cannot be read is running, and the others are answered', async () => {
    const { document } = await read([{ requestId: ID }, { requestId: OTHER }], withoutStatusOf(OTHER));
    assert.deepEqual(document, {
      requests: [
        { requestId: ID, status: 'complete', message: '', machines: [] },
        {
          requestId: OTHER,
          status: 'running',
          message: 'The status cannot be read now: Temporal is slow.',
          machines: [],
        },
      ],
    });
  });

  it('the call fails if no status can be read', async () => {
    await assert.rejects(read([{ requestId: ID }, { requestId: OTHER }], withoutStatusOf(ID, OTHER)));
  });

  it('an entry without an id is left out, and space around an id is ignored', async () => {
    const { document } = await read(
      [{ requestId: ` ${ID}\n` }, { requestId: '' }, null, { id: 'x' }],
      withoutStatusOf(),
    );
    assert.deepEqual(document, {
      requests: [{ requestId: ID, status: 'complete', message: '', machines: [] }],
    });
  });
});

describe("Host Factory's list of hosts", () => {
  /** Runs getReturnRequests. `asked` are the queries to the monitor, which answers with `answer`. */
  async function ask(args: readonly string[], answer: Partial<LostHostsAnswer> = {}, env = {}) {
    const asked: LostHostsQuery[] = [];
    const query: TemporalClient['query'] = async (_id, _name, argument) => {
      asked.push(argument as LostHostsQuery);
      return { kind: 'reply', reply: { v: 1, isReady: true, lost: [], ...answer } };
    };
    return { asked, ...(await call('getReturnRequests', args, { query }, env)) };
  }

  it('the monitor gets every host list of Host Factory, also an empty one; hosts from an operator are an incomplete list', async () => {
    for (const [args, isComplete] of [
      [['-d', '{"machines":[]}'], [true]],
      [['-d', '{"machines":[{"machineId":"i-1"}]}'], [true]],
      [['i-1'], [false]],
      [[], []],
    ] as const)
      assert.deepEqual(
        (await ask(args)).asked.map((query) => query.isComplete),
        isComplete,
      );
  });

  it('an empty host list is answered without Temporal', async () => {
    const connect = () => Promise.reject(new UnavailableError('no Temporal'));
    const { document } = await call('getReturnRequests', ['-d', '{"machines":[]}'], { connect });
    assert.deepEqual(Object.entries(document)[0], ['status', 'complete']);
  });

  it("a host list has the cluster's name, and its answer states if the deployment belongs to another cluster", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ohf-ego-'));
    try {
      const env = { EGO_CONFDIR: folder };
      assert.equal(await clusterName(env), undefined);
      await writeFile(join(folder, 'ego.cluster.grid2'), '');
      const { asked, document } = await ask(['i-1'], { boundCluster: 'grid1' }, env);
      assert.equal(asked[0]?.cluster, 'grid2');
      assert.match(JSON.stringify(document), /belongs to the cluster 'grid1'/);
      await writeFile(join(folder, 'ego.cluster.grid3'), '');
      assert.equal(await clusterName(env), undefined, 'two cluster files name no cluster');
    } finally {
      await rm(folder, { recursive: true });
    }
    assert.equal(await clusterName({}), undefined);
  });
});
