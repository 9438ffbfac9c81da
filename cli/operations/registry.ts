import type { Command, Query } from './operation.ts';

/** Operations by purpose, in the order of `ohf --help`. */
export const GROUPS = {
  hostFactory: "Host Factory's operations",
  fleet: 'Requests and machines',
  setup: 'Setup',
  diagnostics: 'Diagnostics',
  run: 'Processes',
} as const;
export type Group = keyof typeof GROUPS;

export interface RegistryEntry {
  readonly name: string;
  readonly group: Group;
  readonly kind: 'command' | 'query';
  readonly summary: string;
  /** Loads one module at a time: a call of Host Factory is one process. */
  readonly load: () => Promise<{ readonly operation: Command | Query }>;
}

/** A command starts or signals workflows, or changes files. A module that defines a query does not compile here. */
export const command = (
  group: Group,
  name: string,
  summary: string,
  load: () => Promise<{ readonly operation: Command }>,
): RegistryEntry => ({ name, group, kind: 'command', summary, load });

/** A query only reads, except for the effects that it declares. */
export const query = (
  group: Group,
  name: string,
  summary: string,
  load: () => Promise<{ readonly operation: Query }>,
): RegistryEntry => ({ name, group, kind: 'query', summary, load });

/** The five operations that Host Factory calls. The other commands are in commands/registry.ts. */
export const HF_OPERATIONS: readonly RegistryEntry[] = [
  query(
    'hostFactory',
    'getAvailableTemplates',
    'List the templates that Host Factory may request',
    () => import('./getAvailableTemplates.ts'),
  ),
  command(
    'hostFactory',
    'requestMachines',
    'Request machines of a template; prints the request id',
    () => import('./requestMachines.ts'),
  ),
  query(
    'hostFactory',
    'getRequestStatus',
    'Show the status of requests and returns',
    () => import('./getRequestStatus.ts'),
  ),
  command(
    'hostFactory',
    'requestReturnMachines',
    'Return machines, by id or host name; prints the return id',
    () => import('./requestReturnMachines.ts'),
  ),
  query(
    'hostFactory',
    'getReturnRequests',
    'List the machines that AWS takes away or has taken',
    () => import('./getReturnRequests.ts'),
  ),
];

export const hfOperation = (name: string | undefined): RegistryEntry | undefined =>
  HF_OPERATIONS.find((entry) => entry.name === name);
