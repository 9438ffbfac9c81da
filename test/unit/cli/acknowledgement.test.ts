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
import { monitorStart } from '../../../contract/monitorStart.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';
import { anObservation } from '../../fixtures/builders.ts';
import { temporal } from '../../fixtures/commandLine.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';

const ID = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';

const AS_HOST_FACTORY = ['-d', JSON.stringify({ requests: [{ requestId: ID }] })];

/** Runs an operation on a Temporal that gives these answers. */
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
          signal: async (...signal) => void signals.push(signal),
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
  const answering = (unclaimed?: number): Partial<TemporalClient> => ({
    query: async () => ({ kind: 'view', view: view(unclaimed) }),
  });

  it('claims the machines that are ready, where their owner does not know it yet', async () => {
    const { signals } = await call('getRequestStatus', AS_HOST_FACTORY, answering(2));
    const claimed = { v: 1, machineIds: ['i-1', 'i-3'] };
    assert.deepEqual(signals, [
      [ID, 'acknowledge', claimed],
      [`own-${ID}`, 'acknowledge', claimed],
    ]);
  });

  it('claims nothing for a person', async () => {
    const { signals, document } = await call('getRequestStatus', [ID], answering(2));
    assert.deepEqual(signals, []);
    assert.deepEqual(document, (await call('getRequestStatus', AS_HOST_FACTORY, answering(2))).document);
  });

  it('claims nothing where the owner knows it, or is of an older release', async () => {
    assert.deepEqual((await call('getRequestStatus', AS_HOST_FACTORY, answering())).signals, []);
  });

  it('is answered all the same when the claim does not arrive', async () => {
    const lost = { signal: () => Promise.reject(new UnavailableError('lost')) };
    const { document } = await call('getRequestStatus', AS_HOST_FACTORY, { ...answering(2), ...lost });
    assert.deepEqual(document, (await call('getRequestStatus', AS_HOST_FACTORY, answering(2))).document);
  });
});

describe("Host Factory's list of hosts", () => {
  /** What the monitor is asked, and what comes of it. */
  async function ask(args: readonly string[], answer: Partial<LostHostsAnswer> = {}, env = {}) {
    const asked: LostHostsQuery[] = [];
    const query: TemporalClient['query'] = async (_id, _name, argument) => {
      asked.push(argument as LostHostsQuery);
      return { kind: 'view', view: { v: 1, isReady: true, lost: [], ...answer } };
    };
    return { asked, ...(await call('getReturnRequests', args, { query }, env)) };
  }

  it('is told to the monitor also when it is empty; hosts that a person types are no whole list', async () => {
    for (const [args, whole] of [
      [['-d', '{"machines":[]}'], [true]],
      [['-d', '{"machines":[{"machineId":"i-1"}]}'], [true]],
      [['i-1'], [false]],
      [[], []],
    ] as const)
      assert.deepEqual(
        (await ask(args)).asked.map((query) => query.isComplete),
        whole,
      );
  });

  it('is answered without Temporal when it is empty', async () => {
    const connect = () => Promise.reject(new UnavailableError('no Temporal'));
    const { document } = await call('getReturnRequests', ['-d', '{"machines":[]}'], { connect });
    assert.deepEqual(Object.entries(document)[0], ['status', 'complete']);
  });

  it("brings the cluster's name, and says so when the deployment belongs to another one", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ohf-ego-'));
    try {
      const env = { EGO_CONFDIR: folder };
      assert.equal(await clusterName(env), undefined);
      await writeFile(join(folder, 'ego.cluster.grid2'), '');
      const { asked, document } = await ask(['i-1'], { boundCluster: 'grid1' }, env);
      assert.equal(asked[0]?.cluster, 'grid2');
      assert.match(JSON.stringify(document), /belongs to the cluster 'grid1'/);
      await writeFile(join(folder, 'ego.cluster.grid3'), '');
      assert.equal(await clusterName(env), undefined, 'none of two is meant');
    } finally {
      await rm(folder, { recursive: true });
    }
    assert.equal(await clusterName({}), undefined);
  });
});
