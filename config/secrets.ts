import { SETTINGS, variableOf } from './settings.ts';
import type { Environment } from './sources.ts';

/** AWS's own, by which the worker may be given credentials. */
const AWS_SECRET_VARIABLES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** What is secret in an environment: no log may show it. */
export function secretValues(env: Environment): string[] {
  const ours = Object.entries(SETTINGS).flatMap(([path, { secret, env: wellKnown = [] }]) =>
    secret === true ? [variableOf(path), ...wellKnown] : [],
  );
  return [...ours, ...AWS_SECRET_VARIABLES].flatMap((name) => env[name] ?? []);
}
