import { Context } from '@temporalio/activity';

export const HEARTBEAT_INTERVAL_MS = 3_000;

/**
 * Runs `work` and sends a heartbeat every few seconds, so that Temporal detects a dead worker within the heartbeat
 * timeout instead of the start-to-close timeout. `details` is read at each heartbeat; the next attempt receives the
 * last value. Work that ends before the first interval sends none: each heartbeat is a database write on the server.
 */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  const sendHeartbeat = (): void => context.heartbeat(details?.());
  const timer = setInterval(sendHeartbeat, HEARTBEAT_INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
