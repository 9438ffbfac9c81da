import { setTimeout as delay } from 'node:timers/promises';
import type { HfOperation, Stack } from '../fixtures/stack/stack.ts';
import type { LogEntry } from '../fixtures/cloud/simulatorClient.ts';
import type { Manner } from './hostFactory/calls.ts';
import { randomStream } from './random.ts';

/** Everything that goes wrong, by a seed. Each fault has the same probability: at a call, or at an interval. */
export interface Faults {
  manner(operation: HfOperation): Manner;
  pollsTwice(): boolean;
  /** One interval: what goes wrong in it. `alive`: machines that somebody may take away. */
  interval(alive: readonly string[]): void;
  /** The calls to AWS since the last time: some of the next ones are cut off. */
  awsCalled(entries: readonly LogEntry[]): Promise<void>;
  /** Starts a worker that ended by itself, as a service manager does. */
  superviseWorker(): void;
  /** No more faults: resolves when everything runs again. */
  end(): Promise<void>;
  /** What happened, and how often. */
  readonly fired: ReadonlyMap<string, number>;
}

/** @param sparesWorker the worker is never killed */
export function createFaults(
  stack: Stack,
  seed: number,
  probability: number,
  restartHostFactory: () => void,
  sparesWorker = false,
): Faults {
  const fired = new Map<string, number>();
  const underWay = new Map<string, Promise<void>>();
  const calls = randomStream(seed, 'calls');
  const moments = randomStream(seed, 'moments');
  const cloud = randomStream(seed, 'cloud');
  let ended = false;

  const note = (what: string): void => void fired.set(what, (fired.get(what) ?? 0) + 1);
  const strikes = (random = moments): boolean => random.chance(probability) && !ended;

  /** One at a time of each kind. A fault that can't be mended ends the simulation. */
  function happen(what: string, work: () => Promise<void>): void {
    if (underWay.has(what)) return;
    note(what);
    underWay.set(
      what,
      work().finally(() => underWay.delete(what)),
    );
  }

  async function killWorker(downMs: number): Promise<void> {
    await stack.killWorker();
    await delay(downMs);
    await stack.startWorker();
  }

  async function killTemporal(downMs: number): Promise<void> {
    await stack.stopTemporal();
    await delay(downMs);
    await stack.startTemporal();
  }

  /** No more machines than there are, for a while. */
  async function runShort(alive: number, forMs: number): Promise<void> {
    await stack.simulator.setPools([{ capacity: alive }]);
    await delay(forMs);
    await stack.simulator.setPools([]);
  }

  async function takeAway(machineId: string | undefined): Promise<void> {
    if (machineId !== undefined) await stack.simulator.terminate(machineId, 'Server.InternalError');
  }

  return {
    fired,
    manner(operation) {
      const stdout = calls.chance(0.5) ? 'pipe' : 'file';
      // Always as many numbers for a call, so that a probability changes nothing but what it says.
      const [killAfter, readAfter, what] = [calls.whole(20, 800), calls.whole(200, 2_000), calls.chance(0.5)];
      const [kills, readsLate] = [strikes(calls), strikes(calls)];
      if (kills) note(`script killed (${operation})`);
      if (kills) return { stdout, kill: { afterMs: killAfter, what: what ? 'script' : 'all' } };
      if (readsLate) note('stdout read late');
      return readsLate ? { stdout: 'pipe', readAfterMs: readAfter } : { stdout };
    },
    pollsTwice() {
      const twice = strikes(calls);
      if (twice) note('polled twice');
      return twice;
    },
    interval(alive) {
      const downMs = moments.whole(0, 3_000);
      const victim = moments.pick(alive);
      if (strikes() && stack.isWorkerUp() && !sparesWorker) happen('worker killed', () => killWorker(downMs));
      if (strikes()) happen('Temporal killed', () => killTemporal(downMs));
      if (strikes()) happen('machine taken away', () => takeAway(victim));
      if (strikes()) happen('AWS short of capacity', () => runShort(alive.length, 5 * downMs));
      if (strikes()) note('Host Factory restarted');
      else return;
      restartHostFactory();
    },
    async awsCalled(entries) {
      for (const { action } of entries) {
        if (action.startsWith('simulator:') || !strikes(cloud)) continue;
        const mode = cloud.pick(['dropBefore', 'dropAfter'] as const) ?? 'dropAfter';
        note(`AWS ${mode} (${action})`);
        await stack.simulator.addGate(action, mode);
      }
    },
    superviseWorker() {
      if (!underWay.has('worker killed')) happen('worker ended by itself', () => stack.startWorker());
    },
    async end() {
      ended = true;
      await stack.simulator.clearGates();
      await Promise.all(underWay.values());
    },
  };
}
