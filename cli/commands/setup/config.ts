import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import { isScalar } from '../../../config/input/jsonFile.ts';
import { DEFAULT_ORIGIN } from '../../../config/load.ts';
import { SETTINGS, type Setting } from '../../../config/settings.ts';
import { isPrintable, findingText, valueAt } from '../../../config/validate.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import type { Command, Flags } from '../../args/command.ts';

/** `show` prints the settings that hold and where each comes from, `check` all that is wrong with them. */
export const run: Command = async ({ flags, args }, env) => {
  const [action = '', ...more] = args;
  if (more.length > 0 || !['show', 'check'].includes(action))
    throw new ValidationError(
      `'${['config', ...args].join(' ')}' is no command; allowed: config show, config check.`,
    );
  if (action === 'show') return show(flags, env);
  const { checkConfig } = await import('./configCheck.ts');
  return checkConfig(flags, env);
};

type Value = string | number | boolean;

async function show(flags: Flags, env: Environment): Promise<number> {
  const { values, originOf, findings, notes } =
    flags['worker'] === true
      ? await gatherWorkerConfig(env)
      : await gatherCliConfig(scriptEnvironment(flags, env));
  const settings = Object.entries(SETTINGS).map(([key, setting]) => {
    const value = valueAt(values, key);
    // Where TLS is set by its files, these are shown.
    return isScalar(value)
      ? { key, value: maskSecret(setting, value), from: originText(originOf(key)) }
      : { key };
  });
  if (flags['json'] === true) {
    await writeStdout(`${JSON.stringify({ settings, findings, notes })}\n`);
    return 0;
  }
  const rows = settings.map(({ key, value, from }) => [
    key,
    value === undefined ? '-' : String(value),
    from ?? 'not set',
  ]);
  const remarks = [
    ...findings.map((finding) => `wrong: ${findingText(finding)}`),
    ...notes.map((note) => `note: ${note}`),
  ];
  await writeStdout(
    [renderTable(['SETTING', 'VALUE', 'FROM'], rows), ...remarks.map((line) => `${line}\n`)].join(''),
  );
  return 0;
}

const originText = (origin: string): string => (origin === DEFAULT_ORIGIN ? 'default' : origin);

/** Without what is secret: also a URL may hold it, in its user or, as those of webhooks, in its path. */
function maskSecret(setting: Setting, value: Value): Value {
  if (!isPrintable(setting)) return '****';
  if (typeof value !== 'string' || !/^https?:/.test(value) || !URL.canParse(value)) return value;
  const { protocol, host, username, password, pathname, search } = new URL(value);
  const user = username + password === '' ? '' : '****@';
  return `${protocol}//${user}${host}${pathname === '/' && search === '' ? '' : '/****'}`;
}
