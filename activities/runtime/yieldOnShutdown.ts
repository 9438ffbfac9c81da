import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';

/** Rejects when the activity is cancelled or its worker shuts down. */
export const sleep = (ms: number): Promise<void> =>
  yieldOnShutdown(delay(ms, undefined, { signal: Context.current().cancellationSignal }));

/** A worker that shuts down hands its waiting back: the failure makes Temporal retry it elsewhere at once. */
export async function yieldOnShutdown<T>(wait: Promise<T>): Promise<T> {
  try {
    return await wait;
  } catch (error) {
    if (Context.current().cancellationDetails?.workerShutdown !== true) throw error;
    throw ApplicationFailure.create({
      type: 'WorkerShutdown',
      message: 'The worker shuts down; another goes on waiting.',
      nextRetryDelay: '1s',
    });
  }
}
