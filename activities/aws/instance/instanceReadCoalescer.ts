import { isReady } from '../../../domain/machine/machine.ts';
import type { InstanceReader, InstanceObservation } from './instanceReader.ts';
import { createReadCoalescer, type ReadCoalescer } from './readCoalescer.ts';

export type InstanceReadCoalescer = ReadCoalescer<InstanceObservation>;

export interface InstanceReadCoalescerSettings {
  /** Minimum and maximum seconds between two reads. */
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly onError: (error: unknown) => void;
}

/** Often enough to be prompt, rarely enough to spare AWS. */
const READS_PER_BOOT = 8;
/** Weight of the newest boot time in the moving average. */
const BOOT_TIME_WEIGHT = 0.2;

/** The worker's only poll of instances; its interval follows the observed boot time. */
export function createInstanceReadCoalescer(
  reader: InstanceReader,
  settings: InstanceReadCoalescerSettings,
): InstanceReadCoalescer {
  const { minSeconds, maxSeconds, onError } = settings;
  let bootSeconds = minSeconds * READS_PER_BOOT;
  const booted = new Set<string>();

  function updateBootTime(instance: InstanceObservation, nowSeconds: number): void {
    if (!isReady(instance) || booted.has(instance.machineId)) return;
    booted.add(instance.machineId);
    if (booted.size > 10_000) booted.clear();
    const measuredSeconds = Math.min(600, Math.max(0, nowSeconds - instance.launchTime));
    bootSeconds += (measuredSeconds - bootSeconds) * BOOT_TIME_WEIGHT;
  }

  return createReadCoalescer({
    async read(machineIds) {
      const observed = await reader.describeByIds(machineIds);
      for (const instance of observed.values()) updateBootTime(instance, Date.now() / 1_000);
      return observed;
    },
    intervalSeconds: () => Math.min(maxSeconds, Math.max(minSeconds, bootSeconds / READS_PER_BOOT)),
    onError,
  });
}
