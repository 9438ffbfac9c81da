import { join } from 'node:path';
import type { Logger } from '@temporalio/worker';
import {
  startDispatcher,
  type Dispatcher,
  type HandlerHealth,
} from '../../activities/events/outbox/dispatcher.ts';
import type { EventHandler } from '../../activities/events/handlers/handler.ts';
import type { Outbox } from '../../activities/events/outbox/outbox.ts';
import type { EventSink } from '../../activities/events/outbox/eventActivities.ts';
import { createReadModelHandler } from '../../activities/events/readModel/readModel.ts';
import { loadCustomHandler } from '../../activities/events/handlers/customHandler.ts';
import type { Damage } from '../../activities/storage/damage.ts';
import type { Store } from '../../activities/storage/store.ts';
import type { Config } from '../../config/index.ts';
import { configuredHandlers } from './eventHandlers.ts';
import { damageText, openStorage, rebuiltAt } from './storage.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

const REOPEN_INTERVAL_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** Publishes the events of one provider instance on this host and delivers them to every handler. */
export interface EventPipeline extends EventSink {
  health(): EventPipelineHealth;
  close(): Promise<void>;
}

export interface EventPipelineHealth {
  readonly directory: string;
  /** Why events cannot be published now; absent while they can. */
  readonly error?: string;
  /** A sentence for each file found damaged since the start or the last rebuild of the read model. */
  readonly damages: readonly string[];
  readonly handlers: readonly HandlerHealth[];
}

interface OpenPipeline {
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  readonly handlers: readonly EventHandler[];
  readonly pruning: NodeJS.Timeout;
}

/**
 * Opens the storage and starts the dispatcher. If the directory cannot be written, the pipeline retries every minute,
 * and owners keep their events until then.
 * @throws ConfigurationError when the module of the custom handler exports no handler
 */
export async function openEventPipeline(
  config: Config,
  directory: string,
  logger: Logger,
): Promise<EventPipeline> {
  const customHandlers =
    config.events.module === undefined ? [] : [await loadCustomHandler(config.events.module)];
  let failure: { readonly error: string } | undefined;
  const damages: { readonly at: number; readonly text: string }[] = [];
  const onError = (error: unknown): void => {
    failure = { error: messageOf(error) };
    logger.error('events cannot be published; the worker retries', { directory, error });
  };
  const onDamage = (damage: Damage): void => {
    damages.push({ at: Date.now(), text: damageText(damage) });
    logger.error(damageText(damage));
  };
  let opened: OpenPipeline | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  const tryToOpen = async (): Promise<void> => {
    try {
      opened = await openPipeline(config, directory, customHandlers, onDamage, logger);
      failure = undefined;
    } catch (error) {
      onError(error);
      retryTimer = setTimeout(() => void tryToOpen(), REOPEN_INTERVAL_MS);
    }
  };
  await tryToOpen();
  return {
    get outbox() {
      return opened?.outbox;
    },
    wake() {
      failure = undefined;
      opened?.dispatcher.wake();
    },
    onError,
    health() {
      const since = rebuiltAt(directory);
      const unresolved = damages.filter(({ at }) => at > since).map(({ text }) => text);
      return { directory, ...failure, damages: unresolved, handlers: opened?.dispatcher.health() ?? [] };
    },
    async close() {
      clearTimeout(retryTimer);
      if (!opened) return;
      clearInterval(opened.pruning);
      await opened.dispatcher.stop();
      for (const handler of opened.handlers) await handler.close?.();
      await opened.outbox.close();
    },
  };
}

async function openPipeline(
  config: Config,
  directory: string,
  customHandlers: readonly EventHandler[],
  onDamage: (damage: Damage) => void,
  logger: Logger,
): Promise<OpenPipeline> {
  const retentionMs = config.storage.keepDays * DAY_MS;
  const { outbox, store } = await openStorage(config, directory, onDamage);
  const handlers = [
    createReadModelHandler(store),
    ...(await configuredHandlers(config, directory)),
    ...customHandlers,
  ];
  const dispatcher = startDispatcher({
    outbox,
    handlers,
    lock: join(directory, 'dispatcher.lock'),
    retentionMs,
    onFailure: ({ name, lag, error }) =>
      logger.warn(`the event handler '${name}' failed; its events are redelivered`, { lag, error }),
  });
  return { outbox, dispatcher, handlers, pruning: pruneDaily(store, retentionMs, logger) };
}

function pruneDaily(store: Store, keepMs: number, logger: Logger): NodeJS.Timeout {
  const prune = (): void => {
    store
      .prune(Date.now() - keepMs)
      .catch((error: unknown) => logger.warn('the read model could not be pruned', { error }));
  };
  prune();
  return setInterval(prune, DAY_MS).unref();
}
