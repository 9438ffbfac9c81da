import { variableOf } from './settingRule.ts';
import { SETTINGS } from './settingsTable.ts';
import type { Environment } from './sources.ts';

/** AWS's own variables, which may give the worker its credentials. */
const AWS_SECRET_VARIABLES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** The secret values in an environment: no log may show them. */
export function secretValues(env: Environment): string[] {
  const ours = Object.entries(SETTINGS).flatMap(([path, { isSecret, env: wellKnown = [] }]) =>
    isSecret === true ? [variableOf(path), ...wellKnown] : [],
  );
  return [...ours, ...AWS_SECRET_VARIABLES].flatMap((name) => env[name] ?? []);
}
