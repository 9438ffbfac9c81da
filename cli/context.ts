import type { CliConfig, Environment } from '../config/index.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { CallLog, Log } from './log.ts';

/** What an operation may use. Settings and Temporal are loaded only by those that ask for them. */
export interface OperationContext {
  readonly env: Environment;
  readonly log: Log;
  /** Names this call in logs, and in what it starts. */
  readonly callId: string;
  /** Epoch ms. */
  now(): number;
  /** A UUID version 7. */
  newUuid(): Promise<string>;
  /** @throws ConfigurationError */
  config(): Promise<CliConfig['config']>;
  gateway(): Promise<Gateway>;
}

/** A context whose gateway, if one was opened, is closed by `close`. */
export function openContext(env: Environment, log: CallLog): OperationContext & { close(): Promise<void> } {
  let loaded: Promise<CliConfig> | undefined;
  let opened: Promise<Gateway> | undefined;
  const config = async (): Promise<CliConfig['config']> => {
    loaded ??= loadConfig(env, log);
    return (await loaded).config;
  };
  const open = async (): Promise<Gateway> => {
    const { openGateway } = await import('./gateway/open.ts');
    return openGateway(await config(), env);
  };
  return {
    env,
    log,
    callId: log.callId,
    now: Date.now,
    newUuid: async () => (await import('uuid')).v7(),
    config,
    gateway: () => (opened ??= open()),
    close: async () => {
      const gateway = await opened?.catch(() => undefined);
      await gateway?.close();
    },
  };
}

async function loadConfig(env: Environment, log: CallLog): Promise<CliConfig> {
  const { loadCliConfig } = await import('../config/index.ts');
  const loaded = await loadCliConfig(env);
  log.configure(loaded.config.logging);
  if (loaded.notes.length > 0) log.warn('settings are ignored', { notes: loaded.notes });
  return loaded;
}
