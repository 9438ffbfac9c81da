/** RPC deadlines, ms; `start` also applies to signals. The remaining time of the whole operation limits it too. */
export const CALL_TIMEOUT_MS = {
  connect: 2_000,
  start: 5_000,
  /** Without a poller the server answers one second before the deadline, i.e. after 0.3 s. */
  query: 1_300,
  read: 3_000,
} as const;

/** Attempts of a call that the server rejects because of its load (RESOURCE_EXHAUSTED). */
export const MAX_ATTEMPTS = 3;
/** The backoff before the second attempt, ms; before the third it is longer. */
export const INITIAL_BACKOFF_MS = 200;
