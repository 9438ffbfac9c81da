/** Coalesces the reads of all waiting activities of a worker into one poll, which runs only while one waits. */
export interface ReadCoalescer<T> {
  /**
   * Resolves with the next complete read that covers these keys; callers of the same tick share it. A failed read is
   * repeated at the next tick and never reported here. Rejects when the signal aborts.
   */
  next(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
}

export interface ReadCoalescerOptions<T> {
  /** One complete read; a key missing from the map was unknown to AWS. @throws if any part failed */
  readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  /** Seconds between the starts of two reads; a slow read is followed by a pause of at least half of it. */
  readonly intervalSeconds: () => number;
  readonly onError: (error: unknown) => void;
}

interface Waiter<T> {
  /** False once it was resolved or aborted. */
  isWaiting: boolean;
  readonly keys: readonly string[];
  readonly resolve: (observed: ReadonlyMap<string, T>) => void;
}

export function createReadCoalescer<T>({
  read,
  intervalSeconds,
  onError,
}: ReadCoalescerOptions<T>): ReadCoalescer<T> {
  let waiters = new Set<Waiter<T>>();
  let isRunning = false;

  async function tick(): Promise<void> {
    const batch = waiters;
    waiters = new Set();
    try {
      const observed = await read([...new Set([...batch].flatMap((waiter) => waiter.keys))]);
      for (const waiter of batch) waiter.resolve(observed);
    } catch (error) {
      onError(error);
      for (const waiter of batch) if (waiter.isWaiting) waiters.add(waiter);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waiters.size > 0) {
      const startedAt = performance.now();
      await tick();
      const intervalMs = intervalSeconds() * 1_000;
      const delayMs = Math.max(intervalMs - (performance.now() - startedAt), intervalMs / 2);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    isRunning = false;
  }

  return {
    next(keys, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = (): void => {
          waiter.isWaiting = false;
          waiters.delete(waiter);
          reject(signal.reason as Error);
        };
        const waiter: Waiter<T> = {
          isWaiting: true,
          keys,
          resolve(observed) {
            waiter.isWaiting = false;
            signal.removeEventListener('abort', onAbort);
            resolve(observed);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        if (!isRunning) void run();
      });
    },
  };
}
