import { Context } from '@temporalio/activity';
import { yieldOnShutdown } from '../../runtime/yieldOnShutdown.ts';
import type { ReadCoalescer } from './readCoalescer.ts';

/** Even after an outage that lasts past the deadline, one read gets this long before anything is decided. */
const MIN_READ_WAIT_MS = 60_000;

/** The next read, or undefined if none completes before `deadline` (epoch ms). */
export async function nextReadBefore<T>(
  coalescer: ReadCoalescer<T>,
  keys: readonly string[],
  deadline: number,
) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), Math.max(deadline - Date.now(), MIN_READ_WAIT_MS));
  try {
    return await nextRead(coalescer, keys, timeout.signal);
  } catch (error) {
    if (timeout.signal.aborted) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

export function nextRead<T>(coalescer: ReadCoalescer<T>, keys: readonly string[], signal?: AbortSignal) {
  const { cancellationSignal } = Context.current();
  return yieldOnShutdown(
    coalescer.next(keys, signal ? AbortSignal.any([cancellationSignal, signal]) : cancellationSignal),
  );
}
