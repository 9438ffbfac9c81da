import * as z from 'zod/mini';
import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import { isScalar } from '../../../config/input/jsonFile.ts';
import { DEFAULT_ORIGIN } from '../../../config/load.ts';
import { isPrintable, type SettingRule } from '../../../config/settingRule.ts';
import { SETTINGS } from '../../../config/settingsTable.ts';
import { findingText, valueAt } from '../../../config/validate.ts';
import { argument, switchOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { renderTable } from '../../output/table.ts';
import { checkConfig, checkText } from './configCheck.ts';

/** `show` prints the effective settings and the source of each; `check` prints every error in them. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      action: argument('<action>', 'show or check', (action) => ['show', 'check'].includes(action)),
      worker: switchOption('--worker', "The worker's settings, from $OHF_CONFIG or ./config/config.json"),
    }),
  examples: ['config show', 'config show --worker --json', 'config check'],
  run: async ({ action, worker = false }, { env }) =>
    action === 'check'
      ? { check: await checkConfig(worker, env) }
      : { show: await readSettings(worker, env) },
  json: ({ check, show }) => check ?? show ?? {},
  text: ({ check, show }) => (check ? checkText(check) : show ? settingsText(show) : ''),
  exitCode: ({ check }) => (check && !check.ok ? 1 : 0),
});

type Value = string | number | boolean;

async function readSettings(isWorker: boolean, env: Environment) {
  const { values, originOf, findings, notes } = isWorker
    ? await gatherWorkerConfig(env)
    : await gatherCliConfig(env);
  const settings = Object.entries(SETTINGS).map(([key, rule]) => {
    const value = valueAt(values, key);
    // If TLS is configured by files, their settings are shown instead.
    return isScalar(value)
      ? { key, value: maskSecret(rule, value), from: originText(originOf(key)) }
      : { key };
  });
  return { settings, findings, notes };
}

function settingsText({ settings, findings, notes }: Awaited<ReturnType<typeof readSettings>>): string {
  const rows = settings.map(({ key, value, from }) => [
    key,
    value === undefined ? '-' : String(value),
    from ?? 'not set',
  ]);
  const remarks = [
    ...findings.map((finding) => `wrong: ${findingText(finding)}`),
    ...notes.map((note) => `note: ${note}`),
  ];
  return [renderTable(['SETTING', 'VALUE', 'FROM'], rows), ...remarks.map((line) => `${line}\n`)].join('');
}

const originText = (origin: string): string => (origin === DEFAULT_ORIGIN ? 'default' : origin);

/** Masks secrets. A URL may contain one in its user or, like a webhook's, in its path. */
function maskSecret(rule: SettingRule, value: Value): Value {
  if (!isPrintable(rule)) return '****';
  if (typeof value !== 'string' || !/^https?:/.test(value) || !URL.canParse(value)) return value;
  const { protocol, host, username, password, pathname, search } = new URL(value);
  const user = username + password === '' ? '' : '****@';
  return `${protocol}//${user}${host}${pathname === '/' && search === '' ? '' : '/****'}`;
}
