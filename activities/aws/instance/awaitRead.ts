import { Context } from '@temporalio/activity';
import { handedBack } from '../../runtime/yieldOnShutdown.ts';
import type { Watcher } from './readCoalescer.ts';

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
