import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';

/** Sleeps; rejects if the activity is cancelled or its worker shuts down. */
export const sleep = (ms: number): Promise<void> =>
  yieldOnShutdown(delay(ms, undefined, { signal: Context.current().cancellationSignal }));

/** Turns a worker shutdown into a retryable failure, so that another worker resumes the wait at once. */
export async function yieldOnShutdown<T>(wait: Promise<T>): Promise<T> {
  try {
    return await wait;
  } catch (error) {
    if (Context.current().cancellationDetails?.workerShutdown !== true) throw error;
    throw ApplicationFailure.create({
      type: 'WorkerShutdown',
      message: 'The worker is shutting down; another worker resumes the wait.',
      nextRetryDelay: '1s',
    });
  }
}
