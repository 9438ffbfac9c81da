import { Context } from '@temporalio/activity';

export const HEARTBEAT_MS = 3_000;

/**
 * Runs an activity's work with a heartbeat every few seconds, so that Temporal notices a dead worker in
 * seconds instead of waiting for the activity's whole time. `details` is read at each beat; a retry gets
 * the last one back. What is over sooner costs Temporal no beat, which is a write to its database.
 */
export async function withHeartbeat<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  const beat = (): void => context.heartbeat(details?.());
  const timer = setInterval(beat, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
