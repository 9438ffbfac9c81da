import type { Command } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help shows them; without any the command takes none. */
  readonly words?: string;
  readonly options: readonly (readonly [flags: string, meaning: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly run: Command }>;
}

const HF_FOLDERS: CommandEntry['options'] = [
  ['--hf-top <folder>', "Host Factory's folder (default: $HF_TOP)"],
  ['--hf-version <n.n>', 'Its version folder (default: the newest)'],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
  ['--hf-workdir <folder>', 'HF_WORKDIR (default: work in --hf-top)'],
  ['--hf-logdir <folder>', 'HF_LOGDIR (default: log in --hf-top)'],
];
/** For commands that work on one provider as its scripts do. */
const PROVIDER: CommandEntry['options'] = [
  ['--provider <name>', 'The provider instance (default: $HF_PROVIDER_NAME)'],
  [
    '--hf-top <folder>',
    "Host Factory's folder (default: the one that $HF_PROVIDER_CONFDIR or $HF_CONFDIR is in)",
  ],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
];
const DRY_RUN = ['--dry-run', 'Show what would be done, and do nothing'] as const;
const JSON_OUT = ['--json', 'Print JSON'] as const;

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
    ],
    examples: ['simulate-aws --port 4566 --state aws.jsonl'],
    load: () => import('./simulateAws.ts'),
  },
  {
    name: 'install',
    summary: 'Register a provider with an installed Host Factory',
    options: [
      ...HF_FOLDERS,
      ['--provider <name>', 'The provider instance, e.g. awsinst'],
      ['--plugin <name>', 'Name of the plugin (default: ohf)'],
      ['--requestor <name>', 'Who may ask it for hosts; may be given again (default: symAinst and admin)'],
      ['--deployment <name>', 'For a new config.json: names this Symphony cluster'],
      ['--region <name>', 'For a new provider configuration: the AWS region'],
      ['--temporal <host:port>', "For a new config.json: Temporal's address"],
      DRY_RUN,
      JSON_OUT,
    ],
    examples: [
      'install --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run',
      'install --hf-top $EGO_TOP/hostfactory --provider awsinst --deployment grid1 --region eu-west-1',
    ],
    load: () => import('./install.ts'),
  },
  {
    name: 'uninstall',
    summary: 'Take out again what install put in',
    options: [
      ...HF_FOLDERS,
      ['--provider <name>', 'The provider instance'],
      ['--plugin <name>', 'Name of the plugin (default: ohf)'],
      ['--force', 'Although it has machines, or Temporal cannot tell'],
      DRY_RUN,
      JSON_OUT,
    ],
    examples: ['uninstall --hf-top $EGO_TOP/hostfactory --provider awsinst --dry-run'],
    load: () => import('./uninstall.ts'),
  },
  {
    name: 'drain',
    summary: 'Let a provider launch nothing more, and show what it still has',
    options: [...PROVIDER, ['--undo', 'Let it launch again'], JSON_OUT],
    examples: ['drain --hf-top $EGO_TOP/hostfactory --provider awsinst', 'drain --undo'],
    load: () => import('./drain.ts'),
  },
  {
    name: 'iam-policy',
    summary: "Print the AWS policy that the worker's role needs for a templates file",
    options: [
      ['--templates <file>', 'The templates file of a provider'],
      ['--region <name>', "Only this region (default: the provider's, else any)"],
      ['--account <id>', 'Only this account (default: any)'],
      ['--deployment <name>', "Only machines of this deployment (default: the provider's, else any)"],
    ],
    examples: [
      'iam-policy --templates awsinstprov_templates.json --region eu-west-1 --account 123456789012 --deployment grid1',
    ],
    load: () => import('./iamPolicy.ts'),
  },
];
