import { Context } from '@temporalio/activity';

export const HEARTBEAT_INTERVAL_MS = 3_000;

/**
 * Runs an activity's work with a heartbeat every few seconds, so that Temporal notices a dead worker in
 * seconds instead of waiting for the activity's whole time. `details` is read at each beat; a retry gets
 * the last one back. What is over sooner costs Temporal no beat, which is a write to its database.
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
