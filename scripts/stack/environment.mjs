import { confDir, hfLogDir, workDir } from './state.mjs';
import path from 'node:path';

/** The variables that Host Factory passes to a provider's scripts; it passes no others. */
export const hostFactoryEnv = {
  HF_PROVIDER_NAME: 'awsinst',
  HF_PROVIDER_CONFDIR: confDir,
  HF_PROVIDER_WORKDIR: workDir,
  HF_PROVIDER_LOGDIR: hfLogDir,
};

/** The worker needs these as well: its configuration, and credentials that the simulated AWS accepts. */
export const scriptEnvironment = {
  ...hostFactoryEnv,
  OHF_CONFIG: path.join(confDir, 'config.json'),
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
};

// The user's own settings must not point the embedded stack to a real AWS, Symphony or Temporal.
const FOREIGN = /^(AWS|HF|OHF|TEMPORAL)_/;

/** The environment of a child: the user's, without those settings. */
export function childEnv({ withProvider = false } = {}) {
  const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  return {
    ...Object.fromEntries(own),
    // Everything runs on this machine, where a proxy would not find it.
    no_proxy: [process.env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(','),
    ...(withProvider ? scriptEnvironment : {}),
  };
}
