import { command, HF_OPERATIONS, query, type RegistryEntry } from '../operations/registry.ts';

type Option = readonly [flags: string, description: string];

/** The options of every operation on one provider. */
export const PROVIDER_OPTIONS: readonly Option[] = [
  ['--provider <name>', 'The provider instance (default: $HF_PROVIDER_NAME)'],
  [
    '--hf-top <folder>',
    "Host Factory's folder (default: the one that $HF_PROVIDER_CONFDIR or $HF_CONFDIR is in)",
  ],
  ['--hf-confdir <folder>', 'HF_CONFDIR (default: conf in --hf-top)'],
];
export const JSON_OPTION = ['--json', 'Print JSON'] as const;
/** Every operation that `ohf` runs. */
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
    'Stop launches of a provider, and show its open requests and machines',
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
  command(
    'setup',
    'uninstall',
    'Remove the registration that install wrote',
    () => import('./setup/uninstall.ts'),
  ),
  command(
    'setup',
    'temporal',
    'Set up the Temporal namespace with its retention and search attributes',
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
    "List a provider's templates, or explain the errors in them",
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
  query(
    'setup',
    'config',
    'Show the settings and where each comes from, or check them and the templates',
    () => import('./setup/config.ts'),
  ),
  query(
    'setup',
    'iam-policy',
    "Print the AWS policy that the worker's role needs for a templates file",
    () => import('./setup/iamPolicy.ts'),
  ),
];
