import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '../../../domain/errors/errors.ts';
import type { EventHandler } from './handler.ts';

/** How far a handler is, is kept by its name. */
const OURS = ['storage', 'audit', 'webhook', 'sns'];

/**
 * A handler of the site's own: a module whose default export makes one.
 * @throws ConfigurationError when it does not
 */
export async function loadSiteHandler(path: string): Promise<EventHandler> {
  const wrong = (why: string, cause?: unknown): ConfigurationError =>
    new ConfigurationError(`events.module: ${path} ${why}.`, { cause });
  let made: unknown;
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (typeof module.default !== 'function') throw wrong('has no default export that makes a handler');
    made = await (module.default as () => unknown)();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw wrong(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (!isHandler(made)) throw wrong('makes no handler with a name, begins and handle()');
  if (OURS.includes(made.name)) throw wrong(`names its handler '${made.name}', as one of ours is named`);
  return made;
}

function isHandler(made: unknown): made is EventHandler {
  const { name, begins, handle } = (made ?? {}) as Partial<EventHandler>;
  const known = begins === 'now' || begins === 'at the oldest';
  return typeof name === 'string' && name !== '' && known && typeof handle === 'function';
}
