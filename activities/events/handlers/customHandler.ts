import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '../../../domain/errors/errors.ts';
import type { EventHandler } from './handler.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

/** Offsets are stored by name, so a custom handler must not use a built-in name. */
const BUILT_IN_HANDLERS = ['readModel', 'audit', 'webhook', 'sns'];

/**
 * Loads a custom handler: a module whose default export is a function that creates it.
 * @throws ConfigurationError if the module has no such export or does not create a handler
 */
export async function loadCustomHandler(path: string): Promise<EventHandler> {
  const configurationError = (why: string, cause?: unknown): ConfigurationError =>
    new ConfigurationError(`events.module: ${path} ${why}.`, { cause });
  let handler: unknown;
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (typeof module.default !== 'function')
      throw configurationError('has no default export that creates a handler');
    handler = await (module.default as () => unknown)();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw configurationError(`cannot be loaded: ${messageOf(error)}`, error);
  }
  if (!isHandler(handler))
    throw configurationError('does not create a handler with name, startFrom and handle()');
  if (BUILT_IN_HANDLERS.includes(handler.name))
    throw configurationError(
      `names its handler '${handler.name}', which is a built-in handler; choose another name`,
    );
  return handler;
}

function isHandler(value: unknown): value is EventHandler {
  const { name, startFrom, handle } = (value ?? {}) as Partial<EventHandler>;
  const isStartFromValid = startFrom === 'latest' || startFrom === 'earliest';
  return typeof name === 'string' && name !== '' && isStartFromValid && typeof handle === 'function';
}
