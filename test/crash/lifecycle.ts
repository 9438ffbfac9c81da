import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { ended, requestMachines, returnMachines, type HfMachine } from '../fixtures/stack/hostFactory.ts';
import type { Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { haveEnded } from './owners.ts';
import { CHANGES, type CrashPoint, type Kill } from './crashPoints.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';

/** Machines of each request. */
const COUNT = 3;
const PATIENCE_MS = 120_000;
const HEARTBEAT_OVER_MS = 16_000;

export interface Faults {
  readonly kills: readonly Kill[];
  /** So many connections of each way are cut at each action that changes something, before or after its effect. */
  readonly cuts?: { readonly mode: 'dropBefore' | 'dropAfter'; readonly times: number };
  /** So many connections are cut that read machines. */
  readonly readsCut?: number;
  /** @param calls that were held at the point */
  readonly onKill?: (kill: Kill, calls: number) => void;
}

/**
 * One life of a request for every way to get machines, all at once and beside a request that is left alone: requested, one machine given back, then the
 * others; the worker or Temporal is killed at each of these points. The simulated AWS judges by its own log: what it
 * launched and terminated, not what our state says.
 */
export async function runLifecycle(
  stack: Stack,
  { kills, cuts, readsCut, onKill = () => {} }: Faults,
): Promise<void> {
  const bystanders = idsOf(await complete(stack, await requestMachines(stack, 2)));
  const through = <T>(during: CrashPoint['during'], begin: () => Promise<T>): Promise<T> =>
    killing(
      stack,
      kills.filter(({ point }) => point.during === during),
      begin,
      onKill,
    );
  if (cuts) {
    const { mode, times } = cuts;
    const gates = [...CHANGES].map(([action, ways]) => stack.simulator.addGate(action, mode, ways * times));
    await Promise.all(gates);
  }
  if (readsCut !== undefined)
    await stack.simulator.addGate('DescribeInstances', 'dropBefore', readsCut, { every: 2 });

  const requests = await through('request', () =>
    Promise.all(LAUNCH_METHODS.map(({ api }) => requestMachines(stack, COUNT, api))),
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
    const groups = (await stack.simulator.groups()).filter(({ state }) => state === 'active');
    return (await haveEnded(stack, requests)) && groups.every(({ deleted }) => deleted);
  });
  await assertLive(stack, bystanders);
  const made = await stack.simulator.instances();
  for (const { api } of LAUNCH_METHODS) {
    const { length } = made.filter(({ tags }) => tags['ohf:template'] === api);
    assert.equal(length, COUNT, `${api} launched ${length} machines for a request of ${COUNT}`);
  }
}

/** Begins something, and kills at each of these points of it. */
async function killing<T>(
  stack: Stack,
  kills: readonly Kill[],
  begin: () => Promise<T>,
  onKill: NonNullable<Faults['onKill']>,
): Promise<T> {
  let armed = await arm(stack, kills[0]);
  const begun = await begin();
  for (const [index, kill] of kills.entries()) {
    const calls = await armed.whenMet();
    const revive = await injectFault(stack, kill);
    onKill(kill, calls);
    // First the next point: a worker that has lost Temporal goes on at once.
    const next = await arm(stack, kills[index + 1]);
    await armed.release();
    armed = next;
    await revive();
  }
  return begun;
}

/** @returns what brings the process back */
async function injectFault(stack: Stack, { victim }: Kill): Promise<() => Promise<void>> {
  switch (victim) {
    case 'worker':
      await stack.killWorker();
      return () => stack.startWorker();
    case 'temporal':
      await stack.stopTemporal();
      return () => stack.startTemporal();
    case 'paused worker': {
      const paused = stack.pauseWorker();
      return async () => {
        await stack.startWorker();
        // Temporal notices after 12 s that the paused one no longer answers, and gives its work to the other.
        await delay(HEARTBEAT_OVER_MS);
        paused.goOn();
        await paused.stop();
      };
    }
  }
}

interface Armed {
  /** Waits until the calls have come. @returns how many have, of those that are waited for */
  whenMet(): Promise<number>;
  /** They go on, those whose caller is gone without an effect; no more are held. */
  release(): Promise<void>;
}

/** Holds the calls of a point. */
async function arm(stack: Stack, kill: Kill | undefined): Promise<Armed> {
  const { simulator } = stack;
  const { calls = {}, skip = 0 } = kill?.point ?? {};
  const gates = await Promise.all(
    Object.entries(calls).map(async ([action, count]) => {
      const { id } = await simulator.addGate(action, kill?.mode ?? 'hold', null, { skip });
      // What a worker does that went on after its pause may let another's work pass before this point is armed.
      return { id, count, least: kill?.victim === 'paused worker' ? 1 : count };
    }),
  );
  return {
    async whenMet() {
      const met = await Promise.all(
        gates.map(async ({ id, count, least }) => {
          const { arrived } = await simulator.whenArrived(id, { calls: least, timeoutMs: PATIENCE_MS });
          return Math.min(arrived, count);
        }),
      );
      return met.reduce((sum, held) => sum + held, 0);
    },
    async release() {
      for (const { id } of gates) await simulator.release(id);
    },
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
