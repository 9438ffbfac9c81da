import type { Command } from '../args/command.ts';
import { command, HF_OPERATIONS, query, type Group, type RegistryEntry } from '../operations/registry.ts';

export interface CommandEntry {
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** Positional arguments as help shows them; without any the command takes none. */
  readonly args?: string;
  readonly options: readonly (readonly [flags: string, meaning: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly run: Command }>;
}

/** Of operations that work on one provider. */
export const PROVIDER_OPTIONS: CommandEntry['options'] = [
  ['--provider <name>', 'The provider instance (default: $HF_PROVIDER_NAME)'],
  [
    '--hf-top <folder>',
    "Host Factory's folder (default: the one that $HF_PROVIDER_CONFDIR or $HF_CONFDIR is in)",
  ],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
];
export const JSON_OPTION = ['--json', 'Print JSON'] as const;
/** Every operation on the buses. */
export const OPERATIONS: readonly RegistryEntry[] = [
  ...HF_OPERATIONS,
  query(
    'fleet',
    'requests',
    'List open requests and returns, the newest first',
    () => import('./fleet/requests.ts'),
  ),
  query(
    'fleet',
    'request',
    'Show a request or a return with its machines',
    () => import('./fleet/request.ts'),
  ),
  query('fleet', 'machines', 'List the machines of a provider', () => import('./fleet/machines.ts')),
  command('fleet', 'return', 'Return machines, by id or host name', () => import('./fleet/return.ts')),
  command(
    'fleet',
    'cancel',
    'End requests and release all their machines',
    () => import('./fleet/cancel.ts'),
  ),
  command(
    'fleet',
    'drain',
    'Stop launches of a provider, and show what it still has',
    () => import('./fleet/drain.ts'),
  ),
  command(
    'fleet',
    'adopt',
    "Create owners for machines that have none, e.g. after the loss of Temporal's database",
    () => import('./fleet/adopt.ts'),
  ),
  command(
    'setup',
    'install',
    'Register a provider with an installed Host Factory',
    () => import('./setup/install.ts'),
  ),
  command('setup', 'uninstall', 'Remove what install wrote', () => import('./setup/uninstall.ts')),
  command(
    'setup',
    'temporal',
    'Set up the namespace in Temporal, with its retention and search attributes',
    () => import('./setup/temporal.ts'),
  ),
  command(
    'diagnostics',
    'rebuild-read-model',
    "Rebuild the read model from Temporal and AWS's tags; only on the worker's host",
    () => import('./diagnostics/rebuildReadModel.ts'),
  ),
  query(
    'setup',
    'templates',
    "List a provider's templates, or explain what is wrong with them",
    () => import('./setup/templates.ts'),
  ),
  query(
    'diagnostics',
    'health',
    'Check configuration, templates, Temporal and the workers; exit code 1 when a check fails',
    () => import('./diagnostics/health.ts'),
  ),
  query(
    'diagnostics',
    'events',
    "Show the events of requests and machines, the newest last; only on the worker's host",
    () => import('./diagnostics/events.ts'),
  ),
  command(
    'run',
    'worker',
    'Run the worker, which does the work of all requests',
    () => import('./worker.ts'),
  ),
  command('run', 'simulate-aws', 'Serve a simulated AWS for trials', () => import('./simulateAws.ts')),
];

/** Commands that are not on a bus yet. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'config',
    group: 'setup',
    args: '<action>',
    summary: 'Show the settings and where each comes from, or check them and the templates',
    options: [
      ...PROVIDER_OPTIONS,
      ['--worker', "The worker's, from $OHF_CONFIG or ./config/config.json"],
      JSON_OPTION,
    ],
    examples: ['config show', 'config show --worker --json', 'config check'],
    load: () => import('./setup/config.ts'),
  },
  {
    name: 'iam-policy',
    group: 'setup',
    summary: "Print the AWS policy that the worker's role needs for a templates file",
    options: [
      ['--templates <file>', 'The templates file of a provider'],
      ['--region <name>', "Only this region (default: the provider's, else any)"],
      ['--account <id>', 'Only this account (default: any)'],
      ['--deployment <name>', "Only machines of this deployment (default: the provider's, else any)"],
      ['--queue <url>', "With what hearing this interruption queue needs (default: the provider's, if any)"],
    ],
    examples: [
      'iam-policy --templates awsinstprov_templates.json --region eu-west-1 --account 123456789012 --deployment grid1',
    ],
    load: () => import('./setup/iamPolicy.ts'),
  },
];
