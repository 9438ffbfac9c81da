import { join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { findProviderConfDir, providerName } from './hfPaths.ts';
import { readJsonObject, readJsonObjectIfAny } from './jsonFile.ts';
import { configOf, gatherConfig, type ConfigSource, type Gathered } from './load.ts';
import type { Environment } from './sources.ts';

export { LOG_LEVELS } from './config.ts';
export { DEFAULTS } from './settings.ts';
export type {
  AwsConfig,
  Config,
  LoggingConfig,
  LogLevel,
  ProviderConfig,
  TemporalConfig,
  TlsFiles,
} from './config.ts';
export type { Environment } from './sources.ts';

const OURS = 'configuration file';

/**
 * The worker's settings: environment > `$OHF_CONFIG`, else ./config/config.json if there is one > defaults.
 * @throws ConfigurationError
 */
export const loadWorkerConfig = async (env: Environment): Promise<Config> =>
  configOf(await gatherWorkerConfig(env));

/** @throws ConfigurationError when a file cannot be read at all */
export async function gatherWorkerConfig(env: Environment): Promise<Gathered> {
  const path = resolve(env['OHF_CONFIG'] || join('config', 'config.json'));
  const values = env['OHF_CONFIG'] ? await readJsonObject(path, OURS) : await readJsonObjectIfAny(path, OURS);
  return gatherConfig(values ? [{ origin: path, values }] : [], env, [], 'worker');
}

export interface CliConfig {
  readonly config: Config;
  /** What was set and is ignored, in sentences. */
  readonly notes: readonly string[];
}

/**
 * The command line's settings: environment > config.json > IBM's `<name>prov_config.json`, both in Host
 * Factory's directory of the provider instance and both optional > defaults. Never the working directory.
 * @throws ConfigurationError
 */
export async function loadCliConfig(env: Environment): Promise<CliConfig> {
  const gathered = await gatherCliConfig(env);
  return { config: configOf(gathered), notes: gathered.notes };
}

/** @throws ConfigurationError when a file cannot be read at all */
export async function gatherCliConfig(env: Environment): Promise<Gathered> {
  const notes: string[] = [];
  const sources: ConfigSource[] = [];
  const directory = findProviderConfDir(env);
  if (directory !== undefined) {
    const path = join(directory, `${providerName(env)}prov_config.json`);
    const ibm = await readJsonObjectIfAny(path, 'provider configuration');
    if (ibm) {
      const { fromIbmConfig } = await import('./ibmConfig.ts');
      sources.push({ origin: path, values: fromIbmConfig(ibm, path, notes) });
    }
  }
  const path = env['OHF_CONFIG'] || (directory && join(directory, 'config.json'));
  if (path) {
    const ours = env['OHF_CONFIG'] ? await readJsonObject(path, OURS) : await readJsonObjectIfAny(path, OURS);
    if (ours) sources.push({ origin: path, values: ours });
  }
  return gatherConfig(sources, env, notes, 'cli');
}
