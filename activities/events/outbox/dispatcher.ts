import { tryLock } from '../../storage/lock.ts';
import { createBackoff, sleepUnlessAborted } from '../../runtime/backoff.ts';
import type { EventHandler } from '../handlers/handler.ts';
import type { Outbox } from './outbox.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

export interface DispatcherOptions {
  readonly outbox: Outbox;
  readonly handlers: readonly EventHandler[];
  /** Directory of the lock that elects the process that delivers to the handlers when several share an outbox. */
  readonly lock: string;
  /** ms before a failed handler is called again; doubles up to a minute. */
  readonly initialRetryMs?: number;
  /** ms for which delivered entries are retained, so that a lost read model can be rebuilt. */
  readonly retentionMs: number;
  readonly onFailure: (failure: HandlerHealth) => void;
}

export interface HandlerHealth {
  readonly name: string;
  /** Events not delivered to it yet. */
  readonly lag: number;
  /** Epoch ms of the first failure in a row; absent while it works. */
  readonly failingSince?: number;
  readonly error?: string;
}

export interface Dispatcher {
  /** This process published events. */
  wake(): void;
  health(): readonly HandlerHealth[];
  /** Stops after the deliveries in progress. */
  stop(): Promise<void>;
}

const MAX_BATCH = 100;
/** Polling interval for events published by other processes. */
const POLL_INTERVAL_MS = 1_000;
const TRIM_INTERVAL_MS = 10 * 60_000;
const MAX_RETRY_MS = 60_000;

/** Delivers every event to each handler, each at its own pace. */
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
      // An unwritable folder is reported where events are published; here it only means: not leader yet.
      const heldLock = await tryLock(lock).catch(() => undefined);
      if (heldLock) {
        const until = AbortSignal.any([stopping.signal, heldLock.lost]);
        await Promise.all([
          ...handlers.map((handler) => deliverTo(handler, heldLock.lost, until)),
          trimPeriodically(until),
        ]);
        await heldLock.release();
      } else {
        await sleepUnlessAborted(POLL_INTERVAL_MS, stopping.signal);
        // Refreshes the leader's offsets for `health()`.
        await outbox.readAfter(outbox.newestOffset(), 1).catch(() => []);
      }
    }
  }

  async function deliverTo(handler: EventHandler, lost: AbortSignal, until: AbortSignal): Promise<void> {
    const backoff = createBackoff({ initialMs: initialRetryMs, maxMs: MAX_RETRY_MS });
    while (!until.aborted) {
      const wakeUp = newEvents;
      try {
        const hasDelivered = await deliverNextBatch(handler, lost);
        failures.delete(handler.name);
        backoff.reset();
        if (!hasDelivered) await Promise.race([wakeUp, sleepUnlessAborted(POLL_INTERVAL_MS, until)]);
      } catch (error) {
        const failingSince = failures.get(handler.name)?.failingSince ?? Date.now();
        failures.set(handler.name, {
          failingSince,
          error: messageOf(error),
        });
        onFailure(healthOf(handler));
        await backoff.wait(until);
      }
    }
  }

  /** @returns false if the handler has no lag */
  async function deliverNextBatch(handler: EventHandler, lost: AbortSignal): Promise<boolean> {
    const entries = await outbox.readAfter(await offsetOf(handler), MAX_BATCH);
    const last = entries.at(-1);
    if (!last) return false;
    const { types } = handler;
    const matching = entries.filter(({ event }) => types === undefined || types.includes(event.type));
    if (matching.length > 0) await handler.handle(matching);
    // If the lock was lost, the new leader may already be further.
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
      await sleepUnlessAborted(TRIM_INTERVAL_MS, until);
    }
  }

  function healthOf({ name }: EventHandler): HandlerHealth {
    const lag = outbox.newestOffset() - (outbox.handlerOffset(name) ?? 0);
    return { name, lag, ...failures.get(name) };
  }
}
