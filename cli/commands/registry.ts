import type { Command } from '../args/command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help shows them; without any the command takes none. */
  readonly args?: string;
  readonly options: readonly (readonly [flags: string, meaning: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly run: Command }>;
}

const HF_OPTIONS: CommandEntry['options'] = [
  ['--hf-top <folder>', "Host Factory's folder (default: $HF_TOP)"],
  ['--hf-version <n.n>', 'Its version folder (default: the newest)'],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
  ['--hf-workdir <folder>', 'HF_WORKDIR (default: work in --hf-top)'],
  ['--hf-logdir <folder>', 'HF_LOGDIR (default: log in --hf-top)'],
];
/** For commands that work on one provider as its scripts do. */
const PROVIDER_OPTIONS: CommandEntry['options'] = [
  ['--provider <name>', 'The provider instance (default: $HF_PROVIDER_NAME)'],
  [
    '--hf-top <folder>',
    "Host Factory's folder (default: the one that $HF_PROVIDER_CONFDIR or $HF_CONFDIR is in)",
  ],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
];
const DRY_RUN_OPTION = ['--dry-run', 'Show what would be done, and do nothing'] as const;
const JSON_OPTION = ['--json', 'Print JSON'] as const;
const STORED_OPTION = [
  '--stored',
  "From the read model on the worker's host: also what Temporal no longer keeps",
] as const;

/** Every command beside Host Factory's operations. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'worker',
    summary: 'Run the worker, which does the work of all requests',
    options: [],
    examples: ['worker'],
    load: () => import('./worker.ts'),
  },
  {
    name: 'simulate-aws',
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
    name: 'install',
    summary: 'Register a provider with an installed Host Factory',
    options: [
      ...HF_OPTIONS,
      ['--provider <name>', 'The provider instance, e.g. awsinst'],
      ['--plugin <name>', 'Name of the plugin (default: ohf)'],
      ['--requestor <name>', 'Who may ask it for hosts; may be given again (default: symAinst and admin)'],
      ['--deployment <name>', 'For a new config.json: names this Symphony cluster'],
      ['--region <name>', 'For a new provider configuration: the AWS region'],
      ['--temporal <host:port>', "For a new config.json: Temporal's address"],
      DRY_RUN_OPTION,
      JSON_OPTION,
    ],
    examples: [
      'install --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run',
      'install --hf-top $EGO_TOP/hostfactory --provider awsinst --deployment grid1 --region eu-west-1',
    ],
    load: () => import('./setup/install.ts'),
  },
  {
    name: 'uninstall',
    summary: 'Take out again what install put in',
    options: [
      ...HF_OPTIONS,
      ['--provider <name>', 'The provider instance'],
      ['--plugin <name>', 'Name of the plugin (default: ohf)'],
      ['--force', 'Although it has machines, or Temporal cannot tell'],
      DRY_RUN_OPTION,
      JSON_OPTION,
    ],
    examples: ['uninstall --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run'],
    load: () => import('./setup/uninstall.ts'),
  },
  {
    name: 'drain',
    summary: 'Let a provider launch nothing more, and show what it still has',
    options: [...PROVIDER_OPTIONS, ['--undo', 'Let it launch again'], JSON_OPTION],
    examples: ['drain --hf-top $EGO_TOP/hostfactory --provider awsinst', 'drain --undo'],
    load: () => import('./fleet/drain.ts'),
  },
  {
    name: 'templates',
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
    name: 'temporal',
    args: '<action>',
    summary: 'Set up the namespace in Temporal, with its retention and search attributes',
    options: [
      ...PROVIDER_OPTIONS,
      ['--check', 'Tell what it lacks; exit code 1 when anything'],
      ['--apply', 'Make what it lacks'],
      ['--print', 'Print the commands that make it, also for Temporal Cloud'],
      ['--retention-days <n>', 'For which closed requests are kept, at least (default: 3)'],
      ['--worker', "With the worker's settings, from $OHF_CONFIG or ./config/config.json"],
      JSON_OPTION,
    ],
    examples: [
      'temporal setup --check',
      'temporal setup --apply --retention-days 7',
      'temporal setup --print',
    ],
    load: () => import('./setup/temporal.ts'),
  },
  {
    name: 'requests',
    summary: 'List open requests and returns, the newest first',
    options: [
      ...PROVIDER_OPTIONS,
      ['--all', 'Closed ones as well, as long as Temporal keeps them'],
      ['--state <state>', 'provisioning, settled, returning, returned or cancelled'],
      ['--template <id>', 'Only those of this template'],
      ['--limit <n>', 'How many at most (default: 100)'],
      STORED_OPTION,
      JSON_OPTION,
    ],
    examples: [
      'requests',
      'requests --state settled --template demo',
      'requests --all --limit 1000 --json',
      'requests --all --stored',
    ],
    load: () => import('./fleet/requests.ts'),
  },
  {
    name: 'request',
    args: '<id>',
    summary: 'Show a request or a return with its machines',
    options: [
      ...PROVIDER_OPTIONS,
      ['--watch', 'Again at every change, until it is settled'],
      STORED_OPTION,
      JSON_OPTION,
    ],
    examples: [
      'request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --watch',
      'request req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --stored',
    ],
    load: () => import('./fleet/request.ts'),
  },
  {
    name: 'machines',
    summary: "List the machines that a provider's requests hold",
    options: [
      ...PROVIDER_OPTIONS,
      ['--unclaimed', "Only those that Host Factory's list of hosts lacks: it may not know of them"],
      JSON_OPTION,
    ],
    examples: ['machines', 'machines --unclaimed', 'machines --json'],
    load: () => import('./fleet/machines.ts'),
  },
  {
    name: 'events',
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
  {
    name: 'rebuild-read-model',
    summary: "Make the read model again from Temporal and from AWS's tags; only on the worker's host",
    options: [JSON_OPTION],
    examples: ['rebuild-read-model', 'rebuild-read-model --json'],
    load: () => import('./diagnostics/rebuildReadModel.ts'),
  },
  {
    name: 'adopt',
    args: '[...requestIds]',
    summary: "Make owners again for machines that have none, e.g. after Temporal's database was lost",
    options: [...PROVIDER_OPTIONS, ['--yes', 'Do it; without it they are only shown'], JSON_OPTION],
    examples: ['adopt', 'adopt --yes', 'adopt req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --yes'],
    load: () => import('./fleet/adopt.ts'),
  },
  {
    name: 'cancel',
    args: '[...requestIds]',
    summary: 'End requests: all that they have is given back',
    options: [...PROVIDER_OPTIONS, JSON_OPTION],
    examples: ['cancel req-01989c9e-7a0b-7c3d-9e4f-0123456789ab'],
    load: () => import('./fleet/cancel.ts'),
  },
  {
    name: 'return',
    args: '[...machines]',
    summary: 'Give machines back, by id or host name',
    options: [...PROVIDER_OPTIONS, JSON_OPTION],
    examples: ['return i-0123456789abcdef0 ip-10-0-0-1.ec2.internal'],
    load: () => import('./fleet/return.ts'),
  },
];
