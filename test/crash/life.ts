import { strict as assert } from 'node:assert';
import { ended, requestMachines, returnMachines, type HfMachine } from '../e2e/hostFactory.ts';
import type { Stack } from '../e2e/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { CHANGES, type CrashPoint, type Kill } from './points.ts';
import { WAYS } from './ways.ts';

/** Machines of each request. */
const COUNT = 3;
const PATIENCE_MS = 120_000;

export interface Life {
  readonly kills: readonly Kill[];
  /** Of each changing action that many calls of each way lose their answers; the effect has happened. */
  readonly dropped?: number;
  readonly onKill?: (kill: Kill) => void;
}

/**
 * One life of a request for every way to get machines, all at once and beside a request that is left alone: requested, one machine given back, then the
 * others; the worker is killed at each of these points. The simulated AWS judges by its own log: what it launched
 * and terminated, not what our books say.
 */
export async function live(stack: Stack, { kills, dropped, onKill = () => {} }: Life): Promise<void> {
  const bystanders = idsOf(await complete(stack, await requestMachines(stack, 2)));
  const through = <T>(during: CrashPoint['during'], begin: () => Promise<T>): Promise<T> =>
    killing(
      stack,
      kills.filter(({ point }) => point.during === during),
      begin,
      onKill,
    );
  if (dropped !== undefined) {
    const gates = [...CHANGES].map(([action, ways]) =>
      stack.simulator.addGate(action, 'dropAfter', ways * dropped),
    );
    await Promise.all(gates);
  }

  const requests = await through('request', () =>
    Promise.all(WAYS.map(({ api }) => requestMachines(stack, COUNT, api))),
  );
  const owned = await Promise.all(requests.map((id) => complete(stack, id)));
  for (const machines of owned) assert.equal(machines.length, COUNT);
  await assertLive(stack, [...bystanders, ...idsOf(owned.flat())]);

  const first = owned.flatMap((machines) => machines.slice(0, 1));
  const rest = owned.flatMap((machines) => machines.slice(1));
  await complete(stack, await through('return', () => returnMachines(stack, first)));
  await assertLive(stack, [...bystanders, ...idsOf(rest)]);

  await complete(stack, await through('last return', () => returnMachines(stack, rest)));
  await assertLive(stack, bystanders);
  await eventually('every owner has ended, and no group is left that could launch', async () => {
    const states = await Promise.all(
      requests.map(async (id) => (await stack.temporal.workflow.getHandle(id).describe()).status.name),
    );
    const groups = (await stack.simulator.groups()).filter(({ state }) => state === 'active');
    return states.every((state) => state === 'COMPLETED') && groups.every(({ deleted }) => deleted);
  });
  await assertLive(stack, bystanders);
  const made = await stack.simulator.instances();
  for (const { api } of WAYS) {
    const { length } = made.filter(({ tags }) => tags['ohf:template'] === api);
    assert.equal(length, COUNT, `${api} launched ${length} machines for a request of ${COUNT}`);
  }
}

/** Begins something, and kills the worker at each of these points of it. */
async function killing<T>(
  stack: Stack,
  kills: readonly Kill[],
  begin: () => Promise<T>,
  onKill: (kill: Kill) => void,
): Promise<T> {
  let armed = await arm(stack, kills[0]);
  const begun = await begin();
  for (const [index, kill] of kills.entries()) {
    await armed();
    await stack.killWorker();
    onKill(kill);
    await stack.simulator.clearGates();
    armed = await arm(stack, kills[index + 1]);
    await stack.startWorker();
  }
  return begun;
}

/** Holds the calls of a point. @returns what waits until they have come */
async function arm(stack: Stack, kill: Kill | undefined): Promise<() => Promise<void>> {
  if (!kill) return () => Promise.resolve();
  const { point, mode } = kill;
  const gates = await Promise.all(
    Object.entries(point.calls).map(async ([action, calls]) => {
      const { skip = 0 } = point;
      const gate = await stack.simulator.addGate(action, mode, null, { skip });
      return { id: gate.id, calls };
    }),
  );
  return async () => {
    await Promise.all(
      gates.map(({ id, calls }) => stack.simulator.whenArrived(id, { calls, timeoutMs: PATIENCE_MS })),
    );
  };
}

async function complete(stack: Stack, requestId: string): Promise<readonly HfMachine[]> {
  const { status, message, machines } = await ended(stack, requestId, PATIENCE_MS);
  assert.equal(status, 'complete', message);
  return machines;
}

const idsOf = (machines: readonly HfMachine[]): string[] => machines.map(({ machineId }) => machineId);

async function assertLive(stack: Stack, ids: readonly string[]): Promise<void> {
  assert.deepEqual((await stack.simulator.summary()).liveIds.toSorted(), ids.toSorted());
}
