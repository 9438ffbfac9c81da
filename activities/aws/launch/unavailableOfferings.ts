import { kindOfCode } from '../client/errors.ts';

/**
 * Which pools were short of late, for all requests of a worker: the next request need not find out again.
 * It is a hint only. Losing it costs a call, never a machine.
 */
export interface ShortageMemory {
  /** @param code AWS's error code */
  note(pool: string, code: string): void;
  /** The pools that are worth a try: those not known to be short, or all when none is left. */
  worthATry<T>(pools: readonly T[], nameOf: (pool: T) => string): readonly T[];
}

const FIRST_MS = 3 * 60_000;
const LONGEST_MS = 15 * 60_000;
/** `Unsupported`: the zone does not offer the type, which does not change within hours. */
const UNSUPPORTED_MS = 24 * 60 * 60_000;

export function createShortageMemory(now: () => number = Date.now): ShortageMemory {
  const short = new Map<string, { readonly until: number; readonly ms: number }>();
  return {
    note(pool, code) {
      if (kindOfCode(code) !== 'capacity') return;
      const before = short.get(pool);
      // Met again while it was known, or soon after: it lasts, and is asked less often.
      const lasting = before !== undefined && now() < before.until + before.ms;
      const ms =
        code === 'Unsupported' ? UNSUPPORTED_MS : lasting ? Math.min(LONGEST_MS, before.ms * 2) : FIRST_MS;
      short.set(pool, { until: now() + ms, ms });
    },
    worthATry(pools, nameOf) {
      const open = pools.filter((pool) => (short.get(nameOf(pool))?.until ?? 0) <= now());
      return open.length > 0 ? open : pools;
    },
  };
}
