import { join, resolve } from 'node:path';
import type { Config } from './config.ts';
import { findProviderConfDir, providerName } from './hostFactory/hfPaths.ts';
import { readJsonObject, readJsonObjectIfAny, type JsonObject } from './input/jsonFile.ts';
import { configOf, gatherConfig, type ConfigSource, type Gathered, type Role } from './load.ts';
import { SETTINGS, variableOf } from './settings.ts';
import type { Environment } from './sources.ts';
import { valueAt } from './validate.ts';

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
const IBMS = 'provider configuration';
const IBM_FILE = 'provider.ibmConfigFile';

/**
 * The worker's settings: environment > `$OHF_CONFIG`, else ./config/config.json if there is one > IBM's
 * `<name>prov_config.json` where `provider.ibmConfigFile` names it > defaults.
 * @throws ConfigurationError
 */
export const loadWorkerConfig = async (env: Environment): Promise<Config> =>
  configOf(await gatherWorkerConfig(env));

/** @throws ConfigurationError when a file cannot be read at all */
export const gatherWorkerConfig = (env: Environment): Promise<Gathered> =>
  gather('worker', env, { ours: resolve(env['OHF_CONFIG'] || join('config', 'config.json')) });

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
  const directory = findProviderConfDir(env);
  return gather('cli', env, {
    ours: env['OHF_CONFIG'] || (directory && join(directory, 'config.json')),
    ibms: directory && join(directory, `${providerName(env)}prov_config.json`),
  });
}

interface Places {
  readonly ours: string | undefined;
  /** Host Factory may run on another host than the worker, which then only a setting can tell of IBM's file. */
  readonly ibms?: string | undefined;
}

async function gather(role: Role, env: Environment, places: Places): Promise<Gathered> {
  const notes: string[] = [];
  const sources: ConfigSource[] = [];
  const ours = await read(places.ours, OURS, Boolean(env['OHF_CONFIG']));
  const named = namedIbmConfig(ours, env);
  const ibmPath = named ?? places.ibms;
  const ibms = await read(ibmPath, IBMS, named !== undefined);
  if (ibmPath !== undefined && ibms) {
    const { fromIbmConfig, workerKeysIn } = await import('./hostFactory/ibmConfig.ts');
    sources.push(fromIbmConfig(ibms, ibmPath, notes));
    const keys = named === undefined ? workerKeysIn(ibms).join(', ') : '';
    if (keys !== '')
      notes.push(`${ibmPath}: ${keys} concern the worker, which reads them where its ${IBM_FILE} says.`);
  }
  if (places.ours !== undefined && ours) sources.push({ origin: places.ours, values: ours });
  return gatherConfig(sources, env, notes, role);
}

async function read(path: string | undefined, what: string, must: boolean): Promise<JsonObject | undefined> {
  if (path === undefined) return undefined;
  return must ? readJsonObject(path, what) : readJsonObjectIfAny(path, what);
}

/** IBM's file where a setting names it; a value that is no path is told with the other settings. */
function namedIbmConfig(ours: JsonObject | undefined, env: Environment): string | undefined {
  const path = env[variableOf(IBM_FILE)] || valueAt(ours ?? {}, IBM_FILE);
  return SETTINGS[IBM_FILE]?.kind.accepts(path) === true ? String(path) : undefined;
}
