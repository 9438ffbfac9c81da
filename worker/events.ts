import { join } from 'node:path';
import type { Logger } from '@temporalio/worker';
import { startDispatcher, type Dispatcher, type HandlerHealth } from '../activities/events/dispatcher.ts';
import type { EventHandler } from '../activities/events/handler.ts';
import type { Outbox } from '../activities/events/outbox.ts';
import type { EventTarget } from '../activities/events/publishing.ts';
import { readModel } from '../activities/events/readModel.ts';
import { loadSiteHandler } from '../activities/events/siteHandler.ts';
import type { Damage } from '../activities/storage/journal.ts';
import type { Store } from '../activities/storage/store.ts';
import type { Config } from '../config/index.ts';
import { configuredHandlers } from './eventHandlers.ts';
import { damageText, openStorage } from './storage.ts';

const OPEN_AGAIN_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;

/** The events of one provider instance on this host: published, and told to every handler. */
export interface Events extends EventTarget {
  health(): readonly HandlerHealth[];
  close(): Promise<void>;
}

interface Opened {
  readonly outbox: Outbox;
  readonly dispatcher: Dispatcher;
  readonly handlers: readonly EventHandler[];
  readonly pruning: NodeJS.Timeout;
}

/**
 * A directory that cannot be written is tried again every minute; until then owners keep their events.
 * @throws ConfigurationError when the site's own handler is none
 */
export async function openEvents(config: Config, directory: string, logger: Logger): Promise<Events> {
  const site = config.events.module === undefined ? [] : [await loadSiteHandler(config.events.module)];
  const onError = (error: unknown): void =>
    logger.error('events cannot be published; trying again', { directory, error });
  const onDamage = (damage: Damage): void => logger.error(damageText(damage));
  let opened: Opened | undefined;
  let again: NodeJS.Timeout | undefined;
  const tryToOpen = async (): Promise<void> => {
    try {
      opened = await open(config, directory, site, onDamage, logger);
    } catch (error) {
      onError(error);
      again = setTimeout(() => void tryToOpen(), OPEN_AGAIN_MS);
    }
  };
  await tryToOpen();
  return {
    get outbox() {
      return opened?.outbox;
    },
    wake: () => opened?.dispatcher.wake(),
    onError,
    health: () => opened?.dispatcher.health() ?? [],
    async close() {
      clearTimeout(again);
      if (!opened) return;
      clearInterval(opened.pruning);
      await opened.dispatcher.stop();
      for (const handler of opened.handlers) await handler.close?.();
      await opened.outbox.close();
    },
  };
}

async function open(
  config: Config,
  directory: string,
  site: readonly EventHandler[],
  onDamage: (damage: Damage) => void,
  logger: Logger,
): Promise<Opened> {
  const keepMs = config.storage.keepDays * DAY_MS;
  const { outbox, store } = await openStorage(config, directory, onDamage);
  const handlers = [readModel(store), ...(await configuredHandlers(config, directory)), ...site];
  const dispatcher = startDispatcher({
    outbox,
    handlers,
    lock: join(directory, 'dispatcher.lock'),
    keepMs,
    onFailure: ({ name, behind, error }) =>
      logger.warn(`the event handler '${name}' failed; telling it again`, { behind, error }),
  });
  return { outbox, dispatcher, handlers, pruning: pruneDaily(store, keepMs, logger) };
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
