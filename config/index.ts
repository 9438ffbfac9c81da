import { join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { findProviderConfDir, providerName } from './hfPaths.ts';
import { readJsonObject, readJsonObjectIfAny } from './jsonFile.ts';
import type { ConfigSource } from './load.ts';
import type { Environment } from './sources.ts';

export { DEFAULTS, LOG_LEVELS } from './config.ts';
export type { AwsConfig, Config, LogLevel, ProviderConfig, TemporalConfig, TlsFiles } from './config.ts';
export type { Environment } from './sources.ts';

const OURS = 'configuration file';

/**
 * The worker's settings: environment > `$OHF_CONFIG`, else ./config/config.json if there is one > defaults.
 * @throws ConfigurationError
 */
export async function loadWorkerConfig(env: Environment): Promise<Config> {
  const path = resolve(env['OHF_CONFIG'] || join('config', 'config.json'));
  const values = env['OHF_CONFIG'] ? await readJsonObject(path, OURS) : await readJsonObjectIfAny(path, OURS);
  // zod is loaded only by those who parse settings, not by all who ask for their types.
  const { mergeConfig } = await import('./load.ts');
  return mergeConfig(values ? [{ origin: path, values }] : [], env, [], 'worker');
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
  const { mergeConfig } = await import('./load.ts');
  return { config: await mergeConfig(sources, env, notes, 'cli'), notes };
}
