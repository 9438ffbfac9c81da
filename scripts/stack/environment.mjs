import { confDir, hfLogDir, workDir } from './state.mjs';
import path from 'node:path';

/** What Host Factory gives to a provider's scripts, and nothing else. */
export const hostFactoryEnv = {
  HF_PROVIDER_NAME: 'awsinst',
  HF_PROVIDER_CONFDIR: confDir,
  HF_PROVIDER_WORKDIR: workDir,
  HF_PROVIDER_LOGDIR: hfLogDir,
};

/** What the worker needs besides: its configuration, and credentials that the simulated AWS takes. */
export const scriptEnvironment = {
  ...hostFactoryEnv,
  OHF_CONFIG: path.join(confDir, 'config.json'),
  AWS_ACCESS_KEY_ID: 'simulated',
  AWS_SECRET_ACCESS_KEY: 'simulated',
};

// The user's own settings for these must not lead the embedded stack to a real AWS, Symphony or Temporal.
const FOREIGN = /^(AWS|HF|OHF|TEMPORAL)_/;

/** The environment of a child: the user's, without what would lead it elsewhere. */
export function childEnv({ withProvider = false } = {}) {
  const own = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  return {
    ...Object.fromEntries(own),
    // All of it is on this machine; a proxy would not find it.
    no_proxy: [process.env.no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(','),
    ...(withProvider ? scriptEnvironment : {}),
  };
}
