import type { Config, Environment } from '../../../config/index.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import type { Visibility } from '../../gateway/visibility.ts';

/** One provider instance, as the commands for people see it. Connections are opened when they are asked for. */
export interface ProviderContext {
  readonly env: Environment;
  readonly config: Config;
  /** What was set and is ignored, in sentences. */
  readonly notes: readonly string[];
  gateway(): Promise<Gateway>;
  visibility(): Promise<Visibility>;
}

/**
 * Runs `work` with the provider of an environment (see providerEnv), and closes what it opened.
 * @throws ConfigurationError
 */
export async function withProvider<T>(
  env: Environment,
  work: (provider: ProviderContext) => Promise<T>,
): Promise<T> {
  const { loadCliConfig } = await import('../../../config/index.ts');
  const { config, notes } = await loadCliConfig(env);
  const opened: Promise<{ close(): Promise<void> }>[] = [];
  const track = <C extends { close(): Promise<void> }>(connection: Promise<C>): Promise<C> => {
    opened.push(connection);
    return connection;
  };
  let gateway: Promise<Gateway> | undefined;
  let visibility: Promise<Visibility> | undefined;
  const openGateway = async (): Promise<Gateway> =>
    (await import('../../gateway/open.ts')).openGateway(config, env);
  const openVisibility = async (): Promise<Visibility> =>
    (await import('../../gateway/visibility.ts')).openVisibility(config.temporal);
  try {
    return await work({
      env,
      config,
      notes,
      gateway: () => (gateway ??= track(openGateway())),
      visibility: () => (visibility ??= track(openVisibility())),
    });
  } finally {
    for (const connection of opened) await connection.then((each) => each.close()).catch(() => undefined);
  }
}
