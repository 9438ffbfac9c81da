import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Watcher } from './watcher.ts';

/** After an outage over the whole time, AWS still gets this long for one read before anything is decided. */
const LAST_CHANCE_MS = 60_000;

/** The next read, or undefined when none comes back before `until` (epoch ms). */
export async function readBefore<T>(watcher: Watcher<T>, keys: readonly string[], until: number) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), Math.max(until - Date.now(), LAST_CHANCE_MS));
  try {
    return await nextRead(watcher, keys, giveUp.signal);
  } catch (error) {
    if (giveUp.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export function nextRead<T>(watcher: Watcher<T>, keys: readonly string[], until?: AbortSignal) {
  const { cancellationSignal } = Context.current();
  return handedBack(
    watcher.next(keys, until ? AbortSignal.any([cancellationSignal, until]) : cancellationSignal),
  );
}

/** Rejects when the activity is cancelled or its worker shuts down. */
export const pause = (ms: number): Promise<void> =>
  handedBack(delay(ms, undefined, { signal: Context.current().cancellationSignal }));

/** A worker that shuts down hands its waiting back: the failure makes Temporal retry it elsewhere at once. */
async function handedBack<T>(waiting: Promise<T>): Promise<T> {
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
