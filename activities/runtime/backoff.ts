import { setTimeout as delay } from 'node:timers/promises';

/** Sleeps; returns early, without an error, if the signal aborts. */
export const sleepUnlessAborted = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

export interface Backoff {
  /** Sleeps before the next attempt; each delay is twice the one before, up to `maxMs`. */
  wait(signal: AbortSignal): Promise<void>;
  /** Call after a success. */
  reset(): void;
}

export function createBackoff({ initialMs, maxMs }: { initialMs: number; maxMs: number }): Backoff {
  let nextMs = initialMs;
  return {
    wait(signal) {
      const ms = nextMs;
      nextMs = Math.min(2 * ms, maxMs);
      return sleepUnlessAborted(ms, signal);
    },
    reset() {
      nextMs = initialMs;
    },
  };
}
