import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from '../../storage/lock.ts';
import type { EventHandler } from '../handlers/handler.ts';
import type { Outbox } from './outbox.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly handlers: readonly EventHandler[];
  /** Of the processes that share an outbox, the one that has this lock tells the handlers. */
  readonly lock: string;
  /** ms until a handler that failed is told again: doubled each time, up to a minute. */
  readonly initialRetryMs?: number;
  /** ms for which entries are kept after all handlers have had them, so that a lost read model can be made again. */
  readonly retentionMs: number;
  readonly onFailure: (failure: HandlerHealth) => void;
}

export interface HandlerHealth {
  readonly name: string;
  /** Events that it has not had. */
  readonly lag: number;
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

const MAX_BATCH = 100;
/** What other processes publish is found within this time. */
const POLL_INTERVAL_MS = 1_000;
const TRIM_INTERVAL_MS = 10 * 60_000;
const MAX_RETRY_MS = 60_000;

/** Tells each handler of every event, each at its own pace. */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { outbox, handlers, lock, initialRetryMs = 1_000, retentionMs, onFailure } = options;
  const stopping = new AbortController();
  const failures = new Map<string, Pick<HandlerHealth, 'failingSince' | 'error'>>();
  let resolveNewEvents: () => void = () => undefined;
  let newEvents = promiseOfNewEvents();
  const leaderLoop = runAsLeader();

  return {
    wake() {
      resolveNewEvents();
      newEvents = promiseOfNewEvents();
    },
    health: () => handlers.map(healthOf),
    async stop() {
      stopping.abort();
      await leaderLoop;
    },
  };

  function promiseOfNewEvents(): Promise<void> {
    return new Promise((resolve) => {
      resolveNewEvents = resolve;
    });
  }

  async function runAsLeader(): Promise<void> {
    while (!stopping.signal.aborted) {
      // A folder that cannot be written shows where events are published; here it only means: not yet.
      const heldLock = await tryLock(lock).catch(() => undefined);
      if (heldLock) {
        const until = AbortSignal.any([stopping.signal, heldLock.lost]);
        await Promise.all([
          ...handlers.map((handler) => deliverTo(handler, heldLock.lost, until)),
          trimPeriodically(until),
        ]);
        await heldLock.release();
      } else {
        await sleep(POLL_INTERVAL_MS, stopping.signal);
        // How far the leader is, for who asks this process.
        await outbox.readAfter(outbox.newestOffset(), 1).catch(() => []);
      }
    }
  }

  async function deliverTo(handler: EventHandler, lost: AbortSignal, until: AbortSignal): Promise<void> {
    let retryMs = initialRetryMs;
    while (!until.aborted) {
      const wakeUp = newEvents;
      try {
        const hasDelivered = await deliverNextBatch(handler, lost);
        failures.delete(handler.name);
        retryMs = initialRetryMs;
        if (!hasDelivered) await Promise.race([wakeUp, sleep(POLL_INTERVAL_MS, until)]);
      } catch (error) {
        const failingSince = failures.get(handler.name)?.failingSince ?? Date.now();
        failures.set(handler.name, {
          failingSince,
          error: messageOf(error),
        });
        onFailure(healthOf(handler));
        await sleep(retryMs, until);
        retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
      }
    }
  }

  /** @returns whether there was anything behind the handler's cursor */
  async function deliverNextBatch(handler: EventHandler, lost: AbortSignal): Promise<boolean> {
    const entries = await outbox.readAfter(await offsetOf(handler), MAX_BATCH);
    const last = entries.at(-1);
    if (!last) return false;
    const { types } = handler;
    const matching = entries.filter(({ event }) => types === undefined || types.includes(event.type));
    if (matching.length > 0) await handler.handle(matching);
    // Whoever took over may be further.
    if (!lost.aborted) await outbox.commitOffset(handler.name, last.offset);
    return true;
  }

  async function offsetOf(handler: EventHandler): Promise<number> {
    const offset = outbox.handlerOffset(handler.name);
    if (offset !== undefined) return offset;
    const initialOffset = handler.startFrom === 'latest' ? outbox.newestOffset() : 0;
    await outbox.commitOffset(handler.name, initialOffset);
    return initialOffset;
  }

  async function trimPeriodically(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const deliveredToAll = Math.min(...handlers.map(({ name }) => outbox.handlerOffset(name) ?? 0));
      await outbox.trim(deliveredToAll, Date.now() - retentionMs).catch(() => undefined);
      await sleep(TRIM_INTERVAL_MS, until);
    }
  }

  function healthOf({ name }: EventHandler): HandlerHealth {
    const lag = outbox.newestOffset() - (outbox.handlerOffset(name) ?? 0);
    return { name, lag, ...failures.get(name) };
  }
}

const sleep = (ms: number, until: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal: until }).catch(() => undefined);
