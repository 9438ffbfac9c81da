import type { Operation } from './operation.ts';

export interface OperationEntry {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help shows them. */
  readonly args: string;
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly operation: Operation }>;
}

/** Every operation. The modules are loaded one at a time: a call of Host Factory is one process. */
export const OPERATIONS: readonly OperationEntry[] = [
  {
    name: 'getAvailableTemplates',
    summary: 'List the templates that Host Factory may ask for',
    args: '',
    examples: ['getAvailableTemplates'],
    load: () => import('./getAvailableTemplates.ts'),
  },
  {
    name: 'requestMachines',
    summary: 'Ask for machines of a template; prints the request id',
    args: '[templateId] [machineCount]',
    examples: [
      'requestMachines demo 5',
      'requestMachines -d \'{"template":{"templateId":"demo","machineCount":5}}\'',
    ],
    load: () => import('./requestMachines.ts'),
  },
  {
    name: 'getRequestStatus',
    summary: 'Show how far requests and returns are',
    args: '[...requestIds]',
    examples: ['getRequestStatus req-01989c9e-7a0b-7c3d-9e4f-0123456789ab'],
    load: () => import('./getRequestStatus.ts'),
  },
  {
    name: 'requestReturnMachines',
    summary: 'Give machines back, by id or host name; prints the return id',
    args: '[...machines]',
    examples: ['requestReturnMachines i-0123456789abcdef0 ip-10-0-0-1.ec2.internal'],
    load: () => import('./requestReturnMachines.ts'),
  },
  {
    name: 'getReturnRequests',
    summary: 'List the machines that AWS takes away or has taken',
    args: '[...machines]',
    examples: ['getReturnRequests'],
    load: () => import('./getReturnRequests.ts'),
  },
];

export const isOperationName = (name: string | undefined): name is string =>
  OPERATIONS.some((operation) => operation.name === name);

/** @throws Error when there is none of that name */
export async function loadOperation(name: string): Promise<Operation> {
  const entry = OPERATIONS.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`no operation ${name}`);
  return (await entry.load()).operation;
}
