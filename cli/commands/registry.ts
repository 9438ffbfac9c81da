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
];

/** Commands that are not on a bus yet. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'worker',
    group: 'run',
    summary: 'Run the worker, which does the work of all requests',
    options: [],
    examples: ['worker'],
    load: () => import('./worker.ts'),
  },
  {
    name: 'simulate-aws',
    group: 'run',
    summary: 'Serve a simulated AWS for trying things out',
    options: [
      ['--port <n>', 'TCP port; any free one if left out'],
      ['--state <file>', 'Where its machines survive a restart'],
      ['--pending-seconds <s>', 'Time that a machine takes to start'],
      ['--shutting-down-seconds <s>', 'Time that a machine takes to end'],
      ['--consistency-lag-ms <ms>', 'How long reads do not show what was just done'],
      ['--throttle', "Hold to AWS's published request rates"],
      ['--faults <file>', 'Faults to order: {"faults": [{"action", "mode", ...}]}'],
    ],
    examples: [
      'simulate-aws --port 4566 --state aws.jsonl',
      'simulate-aws --port 4566 --throttle --faults faults.json',
    ],
    load: () => import('./simulateAws.ts'),
  },
  {
    name: 'templates',
    group: 'setup',
    args: '[...validate]',
    summary: 'List the templates of a provider, or explain what is wrong with them',
    options: [
      ...PROVIDER_OPTIONS,
      ['--templates <file>', "This file instead of the provider's"],
      JSON_OPTION,
    ],
    examples: ['templates', 'templates validate --templates awsinstprov_templates.json'],
    load: () => import('./setup/templates.ts'),
  },
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
  {
    name: 'health',
    group: 'diagnostics',
    summary: 'Check configuration, templates, Temporal and the workers; exit code 1 when anything fails',
    options: [
      ...PROVIDER_OPTIONS,
      ['--worker <host:port>', 'Where a worker serves its health (default: metrics.listen of the settings)'],
      JSON_OPTION,
    ],
    examples: [
      'health',
      'health --worker worker-host:9464',
      'health --hf-top $EGO_TOP/hostfactory --provider awsinst --json',
    ],
    load: () => import('./diagnostics/health.ts'),
  },
  {
    name: 'events',
    group: 'diagnostics',
    summary: "Show what happened to requests and machines, the newest last; only on the worker's host",
    options: [
      ['--request <id>', 'Only of this request (req-…), or what this return (ret-…) asked for'],
      ['--machine <id>', 'Only of this machine, and the returns that named it'],
      ['--type <type>', 'Only events of this type, e.g. MachineLost'],
      ['--since <time>', 'Only from then on: 2026-01-31, 2026-01-31T12:00, or 90m, 12h, 7d ago'],
      ['--until <time>', 'Only before then'],
      ['--limit <n>', 'How many at most (default: 100)'],
      ['--follow', 'Go on with each that happens, until Ctrl-C'],
      ['--json', "Print JSON: one document, or with --follow a line each; in the audit log's words"],
    ],
    examples: [
      'events --since 1h',
      'events --request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --limit 1000 --json',
      'events --machine i-0123456789abcdef0',
      'events --type MachineLost --follow',
    ],
    load: () => import('./diagnostics/events.ts'),
  },
];
