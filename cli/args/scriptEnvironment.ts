import { dirname, join, resolve } from 'node:path';
import { providerName } from '../../config/hostFactory/hfPaths.ts';
import type { Environment } from '../../config/index.ts';
import { textFlag, type Flags } from './flags.ts';

/**
 * Builds the environment that Host Factory sets for a provider's scripts, for an operator's command. `--provider` and
 * `--hf-top` select the provider; without them, the environment variables do.
 */
export function scriptEnvironment(flags: Flags, env: Environment): Environment {
  const name = textFlag(flags, 'provider') ?? providerName(env);
  const hfTop = textFlag(flags, 'hfTop');
  const confDir = textFlag(flags, 'hfConfdir') ?? (hfTop && join(hfTop, 'conf'));
  const providerConfDir = env['HF_PROVIDER_CONFDIR'];
  const providers = confDir
    ? join(resolve(confDir), 'providers')
    : providerConfDir
      ? dirname(resolve(providerConfDir))
      : env['HF_CONFDIR'] && join(env['HF_CONFDIR'], 'providers');
  const keepsProviderConfDir = !confDir && providerConfDir && name === providerName(env);
  return {
    ...env,
    HF_PROVIDER_NAME: name,
    ...(providers && !keepsProviderConfDir ? { HF_PROVIDER_CONFDIR: join(providers, name) } : {}),
  };
}
