/** How long one call to Temporal may take, ms; never more than what is left for the whole operation. */
export const CALL_TIMEOUT_MS = {
  connect: 2_000,
  start: 5_000,
  /** The server says "no worker" a second before the deadline, so this costs a dead worker 0.3 s. */
  query: 1_300,
  read: 3_000,
} as const;

/** Times that a call is sent when the server turns it away for load, and that alone. */
export const MAX_ATTEMPTS = 3;
/** ms before the second one; the third waits longer. */
export const INITIAL_BACKOFF_MS = 200;
