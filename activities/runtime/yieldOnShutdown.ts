import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';

/** Rejects when the activity is cancelled or its worker shuts down. */
export const pause = (ms: number): Promise<void> =>
  handedBack(delay(ms, undefined, { signal: Context.current().cancellationSignal }));

/** A worker that shuts down hands its waiting back: the failure makes Temporal retry it elsewhere at once. */
export async function handedBack<T>(waiting: Promise<T>): Promise<T> {
  try {
    return await waiting;
  } catch (error) {
    if (Context.current().cancellationDetails?.workerShutdown !== true) throw error;
    throw ApplicationFailure.create({
      type: 'HandedBack',
      message: 'The worker shuts down; another goes on waiting.',
      nextRetryDelay: '1s',
    });
  }
}
