/** One poll of AWS for all that wait in a worker: it reads for all together, and only while one waits. */
export interface Watcher<T> {
  /**
   * Resolves with the next complete read that covers these keys; all callers of a tick share one read. A read
   * that fails is repeated at the next tick and never seen here. Rejects when the signal aborts.
   */
  next(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
}

export interface WatcherOptions<T> {
  /** One complete read; a key that the map lacks was unknown to AWS. @throws when any part was not read */
  readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  /** Seconds from the beginning of a read to that of the next; one that takes long is followed by half of it. */
  readonly paceSeconds: () => number;
  readonly onError: (error: unknown) => void;
}

interface Waiter<T> {
  /** False once it was told or gave up. */
  open: boolean;
  readonly keys: readonly string[];
  readonly resolve: (seen: ReadonlyMap<string, T>) => void;
}

export function createWatcher<T>({ read, paceSeconds, onError }: WatcherOptions<T>): Watcher<T> {
  let waiters = new Set<Waiter<T>>();
  let running = false;

  async function tick(): Promise<void> {
    const served = waiters;
    waiters = new Set();
    try {
      const seen = await read([...new Set([...served].flatMap((waiter) => waiter.keys))]);
      for (const waiter of served) waiter.resolve(seen);
    } catch (error) {
      onError(error);
      for (const waiter of served) if (waiter.open) waiters.add(waiter);
    }
  }

  async function run(): Promise<void> {
    running = true;
    while (waiters.size > 0) {
      const began = performance.now();
      await tick();
      const paceMs = paceSeconds() * 1_000;
      const restMs = Math.max(paceMs - (performance.now() - began), paceMs / 2);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    running = false;
  }

  return {
    next(keys, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = (): void => {
          waiter.open = false;
          waiters.delete(waiter);
          reject(signal.reason as Error);
        };
        const waiter: Waiter<T> = {
          open: true,
          keys,
          resolve(seen) {
            waiter.open = false;
            signal.removeEventListener('abort', onAbort);
            resolve(seen);
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        if (!running) void run();
      });
    },
  };
}
