import { kindOfCode } from '../client/errors.ts';

/**
 * Which pools were short of late, for all requests of a worker: the next request need not find out again.
 * It is a hint only. Losing it costs a call, never a machine.
 */
export interface UnavailableOfferings {
  /** @param code AWS's error code */
  record(offering: string, code: string): void;
  /** The pools that are worth a try: those not known to be short, or all when none is left. */
  filterAvailable<T>(offerings: readonly T[], nameOf: (offering: T) => string): readonly T[];
}

const INITIAL_EXPIRY_MS = 3 * 60_000;
const MAX_EXPIRY_MS = 15 * 60_000;
/** `Unsupported`: the zone does not offer the type, which does not change within hours. */
const UNSUPPORTED_EXPIRY_MS = 24 * 60 * 60_000;

export function createUnavailableOfferings(now: () => number = Date.now): UnavailableOfferings {
  const unavailable = new Map<string, { readonly until: number; readonly ms: number }>();
  return {
    record(offering, code) {
      if (kindOfCode(code) !== 'capacity') return;
      const previous = unavailable.get(offering);
      // Met again while it was known, or soon after: it lasts, and is asked less often.
      const isRepeated = previous !== undefined && now() < previous.until + previous.ms;
      const ms =
        code === 'Unsupported'
          ? UNSUPPORTED_EXPIRY_MS
          : isRepeated
            ? Math.min(MAX_EXPIRY_MS, previous.ms * 2)
            : INITIAL_EXPIRY_MS;
      unavailable.set(offering, { until: now() + ms, ms });
    },
    filterAvailable(offerings, nameOf) {
      const available = offerings.filter(
        (offering) => (unavailable.get(nameOf(offering))?.until ?? 0) <= now(),
      );
      return available.length > 0 ? available : offerings;
    },
  };
}
