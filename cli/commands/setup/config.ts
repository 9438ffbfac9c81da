import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import { isScalar } from '../../../config/input/jsonFile.ts';
import { DEFAULT_ORIGIN } from '../../../config/load.ts';
import { SETTINGS, type Setting } from '../../../config/settings.ts';
import { isShown, sentenceOf, valueAt } from '../../../config/validate.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
import type { Command, Flags } from '../../args/command.ts';

/** `show` prints the settings that hold and where each comes from, `check` all that is wrong with them. */
export const run: Command = async ({ flags, words }, env) => {
  const [word = '', ...more] = words;
  if (more.length > 0 || !['show', 'check'].includes(word))
    throw new ValidationError(
      `'${['config', ...words].join(' ')}' is no command; allowed: config show, config check.`,
    );
  if (word === 'show') return show(flags, env);
  const { check } = await import('./configCheck.ts');
  return check(flags, env);
};

type Value = string | number | boolean;

async function show(flags: Flags, env: Environment): Promise<number> {
  const { values, originOf, findings, notes } =
    flags['worker'] === true ? await gatherWorkerConfig(env) : await gatherCliConfig(providerEnv(flags, env));
  const settings = Object.entries(SETTINGS).map(([key, setting]) => {
    const value = valueAt(values, key);
    // Where TLS is set by its files, these are shown.
    return isScalar(value) ? { key, value: shown(setting, value), from: fromWhere(originOf(key)) } : { key };
  });
  if (flags['json'] === true) {
    await writeOut(`${JSON.stringify({ settings, findings, notes })}\n`);
    return 0;
  }
  const rows = settings.map(({ key, value, from }) => [
    key,
    value === undefined ? '-' : String(value),
    from ?? 'not set',
  ]);
  const told = [
    ...findings.map((finding) => `wrong: ${sentenceOf(finding)}`),
    ...notes.map((note) => `note: ${note}`),
  ];
  await writeOut([table(['SETTING', 'VALUE', 'FROM'], rows), ...told.map((line) => `${line}\n`)].join(''));
  return 0;
}

const fromWhere = (origin: string): string => (origin === DEFAULT_ORIGIN ? 'default' : origin);

/** Without what is secret: also a URL may hold it, in its user or, as those of webhooks, in its path. */
function shown(setting: Setting, value: Value): Value {
  if (!isShown(setting)) return '****';
  if (typeof value !== 'string' || !/^https?:/.test(value) || !URL.canParse(value)) return value;
  const { protocol, host, username, password, pathname, search } = new URL(value);
  const user = username + password === '' ? '' : '****@';
  return `${protocol}//${user}${host}${pathname === '/' && search === '' ? '' : '/****'}`;
}
