import { Client, Connection } from '@temporalio/client';
import { loadCliConfig, loadWorkerConfig, type Config } from '../../../config/index.ts';
import { isRealAws } from '../../../config/load.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { ConfigurationError, OhfError, ValidationError } from '../../../domain/errors/errors.ts';
import { connectionOptions } from '../../gateway/connectionOptions.ts';
import { unavailableError, unreachableError } from '../../gateway/temporalErrors.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import { importWorkerModule } from '../shared/workerHost.ts';
import type { Command, Flags } from '../../args/command.ts';
import { setupCommands, isTemporalCloud, attributeTypeName } from './setupCommands.ts';

/** As Temporal's own command line makes a namespace. */
const RETENTION_DAYS = 3;
/** A new namespace takes some seconds to be known everywhere. */
const SETUP_TIMEOUT_MS = 120_000;
const ACTIONS = ['check', 'apply', 'print'] as const;

/** Says what the namespace in Temporal lacks, makes it, or prints how to make it. */
export const run: Command = async ({ flags, args }, env) => {
  if (args.join(' ') !== 'setup')
    throw new ValidationError(
      `'${['temporal', ...args].join(' ')}' is no command; allowed: temporal setup --check, --apply or --print.`,
    );
  const [action, secondAction] = ACTIONS.filter((name) => flags[name] === true);
  if (action === undefined || secondAction !== undefined)
    throw new ValidationError('temporal setup needs one of --check, --apply and --print.');
  const days = retentionFlag(flags);
  const config =
    flags['worker'] === true
      ? await loadWorkerConfig(env)
      : (await loadCliConfig(scriptEnvironment(flags, env))).config;
  if (action === 'print') {
    await writeStdout(setupCommands(config.temporal, days));
    return 0;
  }
  if (action === 'apply' && isTemporalCloud(config.temporal)) {
    await writeStdout(
      `Temporal Cloud lets no client set it up; nothing was changed. By hand:\n${setupCommands(config.temporal, days)}`,
    );
    return 1;
  }
  return withClient(config, (client) =>
    action === 'apply' ? applySetup(client, config, days) : checkSetup(client, config, days, flags),
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
    throw unreachableError(temporal, error);
  });
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    return await connection.withDeadline(Date.now() + SETUP_TIMEOUT_MS, () => work(client));
  } catch (error) {
    if (error instanceof OhfError) throw error;
    throw unavailableError(temporal, 'tell of the namespace, or set it up', error);
  } finally {
    await connection.close();
  }
}

const importNamespaceModule = () => importWorkerModule(() => import('../../../worker/startup/namespace.ts'));

interface SetupCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

async function checkSetup(client: Client, config: Config, days: number, flags: Flags): Promise<number> {
  const rows = await runChecks(client, config, days);
  const ok = rows.every((row) => row.ok);
  const text = renderTable(
    ['CHECK', 'RESULT', 'DETAIL'],
    rows.map((row) => [row.check, row.ok ? 'ok' : 'failed', row.detail]),
  );
  const advice = ok ? '' : `'ohf temporal setup --apply' makes what is missing, '--print' tells how.\n`;
  await writeStdout(flags['json'] === true ? `${JSON.stringify({ ok, checks: rows })}\n` : text + advice);
  return ok ? 0 : 1;
}

const DEV_SERVER_REJECTED =
  'the development server, but AWS is the real one: set temporal.address (or temporal.allowDevServer)';

async function runChecks(
  client: Client,
  { temporal, provider }: Config,
  days: number,
): Promise<SetupCheck[]> {
  const { ATTRIBUTE_NAMES, isDevServer, readNamespace } = await importNamespaceModule();
  const { exists, retentionDays, attributes } = await readNamespace(client, temporal.namespace);
  const isDev = await isDevServer(client);
  const isRejected = isDev && isRealAws(provider.aws.endpoint) && temporal.allowDevServer !== true;
  return [
    {
      check: 'server',
      ok: !isRejected,
      detail: isRejected ? DEV_SERVER_REJECTED : temporal.address,
    },
    { check: 'namespace', ok: exists, detail: temporal.namespace },
    { check: 'retention', ok: retentionDays >= days, detail: `${retentionDays} days; wanted: ${days}` },
    ...ATTRIBUTE_NAMES.map((name) => ({
      check: name,
      ok: attributes[name] === 'ready',
      detail: `${attributeTypeName(SEARCH_ATTRIBUTES[name])}, ${attributes[name]}`,
    })),
  ];
}

async function applySetup(client: Client, { temporal }: Config, days: number): Promise<number> {
  const {
    addSearchAttributes,
    createNamespace,
    missingAttributes,
    mistypedAttributes,
    readNamespace,
    setRetention,
  } = await importNamespaceModule();
  const { namespace } = temporal;
  const print = (line: string): Promise<unknown> => writeStdout(`${line}\n`);
  const state = await readNamespace(client, namespace);
  const missing = missingAttributes(state);
  if (!state.exists) {
    await createNamespace(client, namespace, days);
    await print(`made the namespace ${namespace}, with a retention of ${days} days`);
  } else if (state.retentionDays < days) {
    await setRetention(client, namespace, days);
    await print(`set the retention of ${namespace} to ${days} days; it was ${state.retentionDays}`);
  }
  if (missing.length > 0) {
    await addSearchAttributes(client, namespace, missing);
    await print(`made the search attributes ${missing.join(', ')}`);
  }
  const mistyped = mistypedAttributes(state);
  if (mistyped.length > 0)
    throw new ConfigurationError(
      `${mistyped.join(', ')} of namespace '${namespace}' have another type than ours. Take a namespace of our own, ` +
        "or remove them there: 'temporal operator search-attribute remove --name NAME'.",
    );
  await print(`the namespace ${namespace} is set up`);
  return 0;
}
