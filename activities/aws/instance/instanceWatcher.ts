import { isReady } from '../../../domain/machine/machine.ts';
import type { InstanceReader, SeenInstance } from './instances.ts';
import { createWatcher, type Watcher } from './readCoalescer.ts';

export type InstanceWatcher = Watcher<SeenInstance>;

export interface WatcherSettings {
  /** Seconds between two reads at least and at most. */
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly onError: (error: unknown) => void;
}

/** Reads a machine's boot about this often: often enough to be prompt, seldom enough to spare AWS. */
const READS_PER_BOOT = 8;
/** Weight of the newest boot time in the running mean. */
const LEARNING_RATE = 0.2;

/** The one poll of instances in a worker. Its pace follows the boot time seen so far. */
export function createInstanceWatcher(reader: InstanceReader, settings: WatcherSettings): InstanceWatcher {
  const { minSeconds, maxSeconds, onError } = settings;
  let bootSeconds = minSeconds * READS_PER_BOOT;
  const booted = new Set<string>();

  function learn(seen: SeenInstance, nowSeconds: number): void {
    if (!isReady(seen) || booted.has(seen.machineId)) return;
    booted.add(seen.machineId);
    if (booted.size > 10_000) booted.clear();
    const took = Math.min(600, Math.max(0, nowSeconds - seen.launchTime));
    bootSeconds += (took - bootSeconds) * LEARNING_RATE;
  }

  return createWatcher({
    async read(machineIds) {
      const seen = await reader.byId(machineIds);
      for (const instance of seen.values()) learn(instance, Date.now() / 1_000);
      return seen;
    },
    paceSeconds: () => Math.min(maxSeconds, Math.max(minSeconds, bootSeconds / READS_PER_BOOT)),
    onError,
  });
}
