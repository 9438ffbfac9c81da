import { join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { findProviderConfDir, providerName } from './hostFactory/hfPaths.ts';
import { readJsonObject, readJsonObjectIfExists, type JsonObject } from './input/jsonFile.ts';
import { configOf, gatherConfig, type ConfigSource, type GatheredConfig, type ConfigReader } from './load.ts';
import { isAllowed, variableOf } from './settingRule.ts';
import { SETTINGS } from './settingsTable.ts';
import type { Environment } from './sources.ts';
import { valueAt } from './validate.ts';

export { DEFAULTS } from './settingsTable.ts';
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

const CONFIG_FILE_ROLE = 'configuration file';
const IBM_FILE_ROLE = 'provider configuration';
const IBM_FILE_SETTING = 'provider.ibmConfigFile';

/**
 * The worker's settings: environment > `$OHF_CONFIG`, else ./config/config.json if there is one > IBM's
 * `<name>prov_config.json` where `provider.ibmConfigFile` names it > defaults.
 * @throws ConfigurationError
 */
export const loadWorkerConfig = async (env: Environment): Promise<Config> =>
  configOf(await gatherWorkerConfig(env));

/** @throws ConfigurationError when a file cannot be read at all */
export const gatherWorkerConfig = (env: Environment): Promise<GatheredConfig> =>
  gather('worker', env, { config: resolve(env['OHF_CONFIG'] || join('config', 'config.json')) });

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
export async function gatherCliConfig(env: Environment): Promise<GatheredConfig> {
  const directory = findProviderConfDir(env);
  return gather('cli', env, {
    config: env['OHF_CONFIG'] || (directory && join(directory, 'config.json')),
    ibm: directory && join(directory, `${providerName(env)}prov_config.json`),
  });
}

interface ConfigFilePaths {
  readonly config: string | undefined;
  /** Host Factory may run on another host than the worker, which then knows IBM's file only by a setting. */
  readonly ibm?: string | undefined;
}

async function gather(role: ConfigReader, env: Environment, paths: ConfigFilePaths): Promise<GatheredConfig> {
  const notes: string[] = [];
  const sources: ConfigSource[] = [];
  const config = await readFileIn(paths.config, CONFIG_FILE_ROLE, Boolean(env['OHF_CONFIG']));
  const namedIbmPath = ibmPathFromSetting(config, env);
  const ibmPath = namedIbmPath ?? paths.ibm;
  const ibmConfig = await readFileIn(ibmPath, IBM_FILE_ROLE, namedIbmPath !== undefined);
  if (ibmPath !== undefined && ibmConfig) {
    const { fromIbmConfig, workerKeysIn } = await import('./hostFactory/ibmConfig.ts');
    sources.push(fromIbmConfig(ibmConfig, ibmPath, notes));
    const keys = namedIbmPath === undefined ? workerKeysIn(ibmConfig).join(', ') : '';
    if (keys !== '')
      notes.push(
        `${ibmPath}: ${keys} concern the worker, which reads them where its ${IBM_FILE_SETTING} says.`,
      );
  }
  if (paths.config !== undefined && config) sources.push({ origin: paths.config, values: config });
  return gatherConfig(sources, env, notes, role);
}

async function readFileIn(
  path: string | undefined,
  role: string,
  isRequired: boolean,
): Promise<JsonObject | undefined> {
  if (path === undefined) return undefined;
  return isRequired ? readJsonObject(path, role) : readJsonObjectIfExists(path, role);
}

/** IBM's file where a setting names it; a value that is no path is reported with the other settings. */
function ibmPathFromSetting(config: JsonObject | undefined, env: Environment): string | undefined {
  const path = env[variableOf(IBM_FILE_SETTING)] || valueAt(config ?? {}, IBM_FILE_SETTING);
  const rule = SETTINGS[IBM_FILE_SETTING];
  return rule && isAllowed(rule, path) ? String(path) : undefined;
}
