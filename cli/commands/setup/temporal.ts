import { Client, Connection } from '@temporalio/client';
import * as z from 'zod/mini';
import type { Config } from '../../../config/index.ts';
import { isRealAws } from '../../../config/load.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { ConfigurationError, OhfError, ValidationError } from '../../../domain/errors/errors.ts';
import { connectionOptions } from '../../gateway/connectionOptions.ts';
import { unavailableError, unreachableError } from '../../gateway/temporalErrors.ts';
import { argument, integerOption, switchOption } from '../../args/fields.ts';
import { renderTable } from '../../output/table.ts';
import { importWorkerModule } from '../shared/workerHost.ts';
import { defineCommand } from '../../operations/operation.ts';
import { setupCommands, isTemporalCloud, attributeTypeName } from './setupCommands.ts';

/** The default of Temporal's own command line for a new namespace. */
const RETENTION_DAYS = 3;
/** It takes some seconds until all servers know a new namespace. */
const SETUP_TIMEOUT_MS = 120_000;
const ACTIONS = ['check', 'apply', 'print'] as const;

interface Result {
  readonly ok: boolean;
  readonly text: string;
  readonly checks?: readonly SetupCheck[];
}

/** Shows what the Temporal namespace lacks, creates that, or prints the commands that create it. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      action: argument('<action>', 'setup', (action) => action === 'setup'),
      check: switchOption('--check', 'Show what the namespace lacks; exit code 1 if it lacks anything'),
      apply: switchOption('--apply', 'Create what the namespace lacks'),
      print: switchOption('--print', 'Print the commands that create what it lacks, also for Temporal Cloud'),
      retentionDays: integerOption(
        '--retention-days <n>',
        'How many days closed requests are retained, at least (default: 3)',
        [1, 365],
      ),
      worker: switchOption('--worker', "Use the worker's settings, from $OHF_CONFIG or ./config/config.json"),
    }),
  examples: ['temporal setup --check', 'temporal setup --apply --retention-days 7', 'temporal setup --print'],
  isDryRun: ({ apply }) => apply !== true,
  run: async ({ retentionDays: days = RETENTION_DAYS, ...flags }, context): Promise<Result> => {
    const [action, secondAction] = ACTIONS.filter((name) => flags[name] === true);
    if (action === undefined || secondAction !== undefined)
      throw new ValidationError('temporal setup needs exactly one of --check, --apply and --print.');
    const config = await context.config();
    if (action === 'print') return { ok: true, text: setupCommands(config.temporal, days) };
    if (action === 'apply' && isTemporalCloud(config.temporal)) {
      return {
        ok: false,
        text: `Temporal Cloud does not allow clients to set it up; nothing was changed. Run:\n${setupCommands(config.temporal, days)}`,
      };
    }
    return withClient(config, (client) =>
      action === 'apply' ? applySetup(client, config, days) : checkSetup(client, config, days),
    );
  },
  json: ({ ok, text, checks }) => (checks ? { ok, checks } : { ok, text }),
  text: ({ text }) => text,
  exitCode: ({ ok }) => (ok ? 0 : 1),
});

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
    throw unavailableError(temporal, 'read or set up the namespace', error);
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

async function checkSetup(client: Client, config: Config, days: number): Promise<Result> {
  const rows = await runChecks(client, config, days);
  const ok = rows.every((row) => row.ok);
  const text = renderTable(
    ['CHECK', 'RESULT', 'DETAIL'],
    rows.map((row) => [row.check, row.ok ? 'ok' : 'failed', row.detail]),
  );
  const advice = ok
    ? ''
    : `'ohf temporal setup --apply' creates what is missing, '--print' shows the commands.\n`;
  return { ok, text: text + advice, checks: rows };
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
    { check: 'retention', ok: retentionDays >= days, detail: `${retentionDays} days; required: ${days}` },
    ...ATTRIBUTE_NAMES.map((name) => ({
      check: name,
      ok: attributes[name] === 'ready',
      detail: `${attributeTypeName(SEARCH_ATTRIBUTES[name])}, ${attributes[name]}`,
    })),
  ];
}

async function applySetup(client: Client, { temporal }: Config, days: number): Promise<Result> {
  const {
    addSearchAttributes,
    createNamespace,
    missingAttributes,
    mistypedAttributes,
    readNamespace,
    setRetention,
  } = await importNamespaceModule();
  const { namespace } = temporal;
  const done: string[] = [];
  const state = await readNamespace(client, namespace);
  const missing = missingAttributes(state);
  if (!state.exists) {
    await createNamespace(client, namespace, days);
    done.push(`created the namespace ${namespace}, with a retention of ${days} days`);
  } else if (state.retentionDays < days) {
    await setRetention(client, namespace, days);
    done.push(`set the retention of ${namespace} to ${days} days; it was ${state.retentionDays}`);
  }
  if (missing.length > 0) {
    await addSearchAttributes(client, namespace, missing);
    done.push(`created the search attributes ${missing.join(', ')}`);
  }
  const mistyped = mistypedAttributes(state);
  if (mistyped.length > 0)
    throw new ConfigurationError(
      `${done.map((line) => `${line}; `).join('')}search attributes of namespace '${namespace}' have the wrong type: ${mistyped.join(', ')}. Use a separate namespace, ` +
        "or remove them with 'temporal operator search-attribute remove --name NAME'.",
    );
  done.push(`the namespace ${namespace} is set up`);
  return { ok: true, text: done.map((line) => `${line}\n`).join('') };
}
