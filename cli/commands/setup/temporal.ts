import { Client, Connection } from '@temporalio/client';
import { loadCliConfig, loadWorkerConfig, type Config } from '../../../config/index.ts';
import { isRealAws } from '../../../config/load.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { ConfigurationError, OhfError, ValidationError } from '../../../domain/errors/errors.ts';
import { connectionOptions } from '../../gateway/connectionOptions.ts';
import { unavailable, unreachable } from '../../gateway/temporalErrors.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
import { onWorkerHost } from '../shared/workerHost.ts';
import type { Command, Flags } from '../../args/command.ts';
import { byHand, isTemporalCloud, typeWord } from './setupCommands.ts';

/** As Temporal's own command line makes a namespace. */
const RETENTION_DAYS = 3;
/** A new namespace takes some seconds to be known everywhere. */
const DEADLINE_MS = 120_000;
const ACTIONS = ['check', 'apply', 'print'] as const;

/** Says what the namespace in Temporal lacks, makes it, or prints how to make it. */
export const run: Command = async ({ flags, words }, env) => {
  if (words.join(' ') !== 'setup')
    throw new ValidationError(
      `'${['temporal', ...words].join(' ')}' is no command; allowed: temporal setup --check, --apply or --print.`,
    );
  const [action, another] = ACTIONS.filter((name) => flags[name] === true);
  if (action === undefined || another !== undefined)
    throw new ValidationError('temporal setup needs one of --check, --apply and --print.');
  const days = retentionFlag(flags);
  const config =
    flags['worker'] === true
      ? await loadWorkerConfig(env)
      : (await loadCliConfig(providerEnv(flags, env))).config;
  if (action === 'print') {
    await writeOut(byHand(config.temporal, days));
    return 0;
  }
  if (action === 'apply' && isTemporalCloud(config.temporal)) {
    await writeOut(
      `Temporal Cloud lets no client set it up; nothing was changed. By hand:\n${byHand(config.temporal, days)}`,
    );
    return 1;
  }
  return withClient(config, (client) =>
    action === 'apply' ? apply(client, config, days) : check(client, config, days, flags),
  );
};

function retentionFlag({ retentionDays: days = RETENTION_DAYS }: Flags): number {
  if (typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= 365) return days;
  throw new ValidationError(
    `--retention-days is ${JSON.stringify(days)}; allowed: a whole number from 1 to 365.`,
  );
}

async function withClient<T>({ temporal }: Config, work: (client: Client) => Promise<T>): Promise<T> {
  const connectTimeout = temporal.deadlineSeconds * 1_000;
  const connection = Connection.lazy({ ...connectionOptions(temporal), connectTimeout });
  await connection.ensureConnected().catch((error: unknown) => {
    throw unreachable(temporal, error);
  });
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    return await connection.withDeadline(Date.now() + DEADLINE_MS, () => work(client));
  } catch (error) {
    if (error instanceof OhfError) throw error;
    throw unavailable(temporal, 'tell of the namespace, or set it up', error);
  } finally {
    await connection.close();
  }
}

const namespaces = () => onWorkerHost(() => import('../../../worker/startup/namespace.ts'));

interface Row {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function check(client: Client, config: Config, days: number, flags: Flags): Promise<number> {
  const rows = await rowsOf(client, config, days);
  const ok = rows.every((row) => row.ok);
  const text = table(
    ['CHECK', 'RESULT', 'DETAIL'],
    rows.map((row) => [row.check, row.ok ? 'ok' : 'failed', row.detail]),
  );
  const advice = ok ? '' : `'ohf temporal setup --apply' makes what is missing, '--print' tells how.\n`;
  await writeOut(flags['json'] === true ? `${JSON.stringify({ ok, checks: rows })}\n` : text + advice);
  return ok ? 0 : 1;
}

const DEV_SERVER =
  'the development server, but AWS is the real one: set temporal.address (or temporal.allowDevServer)';

async function rowsOf(client: Client, { temporal, provider }: Config, days: number): Promise<Row[]> {
  const { ATTRIBUTE_NAMES, isDevServer, readNamespace } = await namespaces();
  const { exists, retentionDays, attributes } = await readNamespace(client, temporal.namespace);
  const isDev = await isDevServer(client);
  const isRefused = isDev && isRealAws(provider.aws.endpoint) && temporal.allowDevServer !== true;
  return [
    {
      check: 'server',
      ok: !isRefused,
      detail: isRefused ? DEV_SERVER : temporal.address,
    },
    { check: 'namespace', ok: exists, detail: temporal.namespace },
    { check: 'retention', ok: retentionDays >= days, detail: `${retentionDays} days; wanted: ${days}` },
    ...ATTRIBUTE_NAMES.map((name) => ({
      check: name,
      ok: attributes[name] === 'ready',
      detail: `${typeWord(SEARCH_ATTRIBUTES[name])}, ${attributes[name]}`,
    })),
  ];
}

async function apply(client: Client, { temporal }: Config, days: number): Promise<number> {
  const { addSearchAttributes, makeNamespace, missingIn, mistypedIn, readNamespace, setRetention } =
    await namespaces();
  const { namespace } = temporal;
  const tell = (line: string): Promise<unknown> => writeOut(`${line}\n`);
  const state = await readNamespace(client, namespace);
  const missing = missingIn(state);
  if (!state.exists) {
    await makeNamespace(client, namespace, days);
    await tell(`made the namespace ${namespace}, with a retention of ${days} days`);
  } else if (state.retentionDays < days) {
    await setRetention(client, namespace, days);
    await tell(`set the retention of ${namespace} to ${days} days; it was ${state.retentionDays}`);
  }
  if (missing.length > 0) {
    await addSearchAttributes(client, namespace, missing);
    await tell(`made the search attributes ${missing.join(', ')}`);
  }
  const mistyped = mistypedIn(state);
  if (mistyped.length > 0)
    throw new ConfigurationError(
      `${mistyped.join(', ')} of namespace '${namespace}' have another type than ours. Take a namespace of our own, ` +
        "or remove them there: 'temporal operator search-attribute remove --name NAME'.",
    );
  await tell(`the namespace ${namespace} is set up`);
  return 0;
}
