import { join } from 'node:path';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { DEFAULTS } from '../settingsTable.ts';
import type { Environment } from '../sources.ts';

/** Name of the provider instance whose files are read. */
export const providerName = (env: Environment): string => env['HF_PROVIDER_NAME'] || DEFAULTS.provider.name;

/** Directory of the instance's configuration, or undefined outside Host Factory; 1.1 sets HF_CONFDIR only. */
export function findProviderConfDir(env: Environment): string | undefined {
  const providerDir = env['HF_PROVIDER_CONFDIR'];
  if (providerDir) return providerDir;
  const confDir = env['HF_CONFDIR'];
  return confDir ? join(confDir, 'providers', providerName(env)) : undefined;
}

/** @throws ConfigurationError that names the variable that is missing */
export function templatesPath(env: Environment): string {
  const directory = findProviderConfDir(env);
  if (directory === undefined) {
    throw new ConfigurationError(
      'HF_PROVIDER_CONFDIR is not set (nor HF_CONFDIR), so the templates file cannot be found. ' +
        `It names the directory that holds ${providerName(env)}prov_templates.json.`,
    );
  }
  return join(directory, `${providerName(env)}prov_templates.json`);
}

/** Directory of the instance's logs, or undefined outside Host Factory. */
export const providerLogDir = (env: Environment): string | undefined =>
  env['HF_PROVIDER_LOGDIR'] || env['HF_LOGDIR'] || undefined;
