import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../../storage/lock.ts';
import type { EventHandler } from '../handlers/handler.ts';
import type { Outbox } from './outbox.ts';

export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly handlers: readonly EventHandler[];
  /** Of the processes that share an outbox, the one that has this lock tells the handlers. */
  readonly lock: string;
  /** ms until a handler that failed is told again: doubled each time, up to a minute. */
  readonly firstRetryMs?: number;
  /** ms for which entries are kept after all handlers have had them, so that a lost read model can be made again. */
  readonly keepMs: number;
  readonly onFailure: (failure: HandlerHealth) => void;
}

export interface HandlerHealth {
  readonly name: string;
  /** Events that it has not had. */
  readonly behind: number;
  /** Epoch ms of the first failure in a row; absent while it works. */
  readonly failingSince?: number;
  readonly error?: string;
}

export interface Dispatcher {
  /** Something was published by this process. */
  wake(): void;
  health(): readonly HandlerHealth[];
  /** Ends after what is under way. */
  stop(): Promise<void>;
}

const BATCH = 100;
/** What other processes publish is found within this time. */
const LOOK_MS = 1_000;
const TRIM_MS = 10 * 60_000;
const LONGEST_RETRY_MS = 60_000;

/** Tells each handler of every event, each at its own pace. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { outbox, handlers, lock, firstRetryMs = 1_000, keepMs, onFailure } = options;
  const stopping = new AbortController();
  const failures = new Map<string, Pick<HandlerHealth, 'failingSince' | 'error'>>();
  let tellNews: () => void = () => undefined;
  let news = nextNews();
  const ended = lead();

  return {
    wake() {
      tellNews();
      news = nextNews();
    },
    health: () => handlers.map(healthOf),
    async stop() {
      stopping.abort();
      await ended;
    },
  };

  function nextNews(): Promise<void> {
    return new Promise((resolve) => {
      tellNews = resolve;
    });
  }

  async function lead(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A folder that cannot be written shows where events are published; here it only means: not yet.
      const held = await tryLock(lock).catch(() => undefined);
      if (held) {
        const until = AbortSignal.any([stopping.signal, held.lost]);
        await Promise.all([
          ...handlers.map((handler) => tell(handler, held.lost, until)),
          trimNowAndThen(until),
        ]);
        await held.release();
      } else {
        await pause(LOOK_MS, stopping.signal);
        // How far the leader is, for who asks this process.
        await outbox.after(outbox.newest(), 1).catch(() => []);
      }
    }
  }

  async function tell(handler: EventHandler, lost: AbortSignal, until: AbortSignal): Promise<void> {
    let retryMs = firstRetryMs;
    while (!until.aborted) {
      const fresh = news;
      try {
        const told = await tellNext(handler, lost);
        failures.delete(handler.name);
        retryMs = firstRetryMs;
        if (!told) await Promise.race([fresh, pause(LOOK_MS, until)]);
      } catch (error) {
        const failingSince = failures.get(handler.name)?.failingSince ?? Date.now();
        failures.set(handler.name, {
          failingSince,
          error: error instanceof Error ? error.message : String(error),
        });
        onFailure(healthOf(handler));
        await pause(retryMs, until);
        retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
      }
    }
  }

  /** @returns whether there was anything behind the handler's cursor */
  async function tellNext(handler: EventHandler, lost: AbortSignal): Promise<boolean> {
    const entries = await outbox.after(await cursorOf(handler), BATCH);
    const last = entries.at(-1);
    if (!last) return false;
    const { types } = handler;
    const wanted = entries.filter(({ event }) => types === undefined || types.includes(event.type));
    if (wanted.length > 0) await handler.handle(wanted);
    // Whoever took over may be further.
    if (!lost.aborted) await outbox.moveCursor(handler.name, last.place);
    return true;
  }

  async function cursorOf(handler: EventHandler): Promise<number> {
    const known = outbox.cursor(handler.name);
    if (known !== undefined) return known;
    const first = handler.begins === 'now' ? outbox.newest() : 0;
    await outbox.moveCursor(handler.name, first);
    return first;
  }

  async function trimNowAndThen(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const had = Math.min(...handlers.map(({ name }) => outbox.cursor(name) ?? 0));
      await outbox.trim(had, Date.now() - keepMs).catch(() => undefined);
      await pause(TRIM_MS, until);
    }
  }

  function healthOf({ name }: EventHandler): HandlerHealth {
    const behind = outbox.newest() - (outbox.cursor(name) ?? 0);
    return { name, behind, ...failures.get(name) };
  }
}

const pause = (ms: number, until: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal: until }).catch(() => undefined);
