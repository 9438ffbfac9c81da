import { isReady } from '../../domain/machine/machine.ts';
import type { InstanceReader, SeenInstance } from './instances.ts';

export interface InstanceWatcher {
  /**
   * Resolves with the next complete read that covers these ids; all callers of a tick share one read.
   * A read that fails is repeated at the next tick and never seen here. Rejects when the signal aborts.
   */
  next(machineIds: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, SeenInstance>>;
}

export interface WatcherSettings {
  /** Seconds between two reads at least and at most. */
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly onError: (error: unknown) => void;
}

interface Waiter {
  /** False once it was told or gave up. */
  open: boolean;
  readonly machineIds: readonly string[];
  readonly resolve: (seen: ReadonlyMap<string, SeenInstance>) => void;
}

/** Reads a machine's boot about this often: often enough to be prompt, seldom enough to spare AWS. */
const READS_PER_BOOT = 8;
/** Weight of the newest boot time in the running mean. */
const LEARNING_RATE = 0.2;

/** The one poll of AWS in a worker: it reads for all waiting requests together, and only while one waits. */
export function createInstanceWatcher(reader: InstanceReader, settings: WatcherSettings): InstanceWatcher {
  let waiters = new Set<Waiter>();
  let running = false;
  let bootSeconds = settings.minSeconds * READS_PER_BOOT;
  const booted = new Set<string>();

  function learn(seen: SeenInstance, nowSeconds: number, waited: ReadonlySet<string>): void {
    if (!isReady(seen) || !waited.has(seen.machineId) || booted.has(seen.machineId)) return;
    booted.add(seen.machineId);
    if (booted.size > 10_000) booted.clear();
    const took = Math.min(600, Math.max(0, nowSeconds - seen.launchTime));
    bootSeconds += (took - bootSeconds) * LEARNING_RATE;
  }

  async function tick(): Promise<void> {
    const served = waiters;
    waiters = new Set();
    const ids = new Set([...served].flatMap((waiter) => waiter.machineIds));
    try {
      const seen = await reader.byId([...ids]);
      for (const instance of seen.values()) learn(instance, Date.now() / 1_000, ids);
      for (const waiter of served) waiter.resolve(seen);
    } catch (error) {
      settings.onError(error);
      for (const waiter of served) if (waiter.open) waiters.add(waiter);
    }
  }

  async function run(): Promise<void> {
    running = true;
    while (waiters.size > 0) {
      await tick();
      const seconds = Math.min(
        settings.maxSeconds,
        Math.max(settings.minSeconds, bootSeconds / READS_PER_BOOT),
      );
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    }
    running = false;
  }

  return {
    next(machineIds, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = (): void => {
          waiter.open = false;
          waiters.delete(waiter);
          reject(signal.reason as Error);
        };
        const waiter: Waiter = {
          open: true,
          machineIds,
          resolve(seen) {
            waiter.open = false;
            signal.removeEventListener('abort', onAbort);
            resolve(seen);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        if (!running) void run();
      });
    },
  };
}
