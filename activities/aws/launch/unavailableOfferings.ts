import { isAwsCode, kindOfCode } from '../client/errors.ts';

/**
 * Offerings that were recently short of capacity, for all requests of a worker, so that the next request need not try
 * them. Only a hint: losing it costs a call, never a machine.
 */
export interface UnavailableOfferings {
  /** @param code AWS's error code */
  record(offering: string, code: string): void;
  /** The offerings not known to be unavailable, or all if none is left. */
  filterAvailable<T>(offerings: readonly T[], nameOf: (offering: T) => string): readonly T[];
}

const INITIAL_EXPIRY_MS = 3 * 60_000;
const MAX_EXPIRY_MS = 15 * 60_000;
/** A zone that does not offer the type does not start to within hours. */
const UNSUPPORTED_EXPIRY_MS = 24 * 60 * 60_000;

export function createUnavailableOfferings(now: () => number = Date.now): UnavailableOfferings {
  const unavailable = new Map<string, { readonly until: number; readonly ms: number }>();
  return {
    record(offering, code) {
      if (kindOfCode(code) !== 'capacity') return;
      const previous = unavailable.get(offering);
      // Short again while it was marked, or soon after: extend the expiry.
      const isRepeated = previous !== undefined && now() < previous.until + previous.ms;
      const ms = isAwsCode(code, 'notOffered')
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
