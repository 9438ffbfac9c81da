import { hostname, userInfo } from 'node:os';
import type { Config, Environment } from '../../config/index.ts';
import { monitorStart } from '../../contract/monitorStart.ts';
import { SIGNAL, WORKFLOW, type Claimed, type StatusMemo } from '../../contract/messages.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import { openCalls } from './selectClient.ts';
import type { Gateway, TemporalCalls, WorkflowStart } from './gateway.ts';
import { inParallel } from './inParallel.ts';
import { readGoing } from './readLostHosts.ts';
import { readStatus } from './readStatus.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

/** Ids whose status is read at the same time. */
const WIDTH = 200;

export const openGateway = async (
  { temporal, provider }: Pick<Config, 'temporal' | 'provider'>,
  env: Environment,
): Promise<Gateway> =>
  gatewayOver(await openCalls(temporal, env), monitorStart(provider.deployment, provider.name));

export function gatewayOver(calls: TemporalCalls, monitor: ReturnType<typeof monitorStart>): Gateway {
  const start = async (workflow: WorkflowStart) => {
    await calls.connect();
    return calls.start(workflow);
  };
  return {
    startRequest: (input) => start(requestStart(input)),
    startReturn: (input) => start(returnStart(input)),
    statusOf: async (ids, now) => {
      await calls.connect();
      let known: Promise<boolean> | undefined;
      const { deployment, provider } = monitor.input;
      const isServed = (): Promise<boolean> =>
        (known ??= calls.describe(monitor.workflowId).then((found) => found !== undefined));
      return inParallel(ids, WIDTH, (id) => readStatus(calls, id, now, { deployment, provider, isServed }));
    },
    claim: async (requestId, machineIds) => {
      const claimed: Claimed = { v: 1, machineIds };
      // Of an owner that was reset after its end an adopter may have them too.
      const owners = [requestId, adopterId(requestId)];
      await Promise.all(owners.map((id) => calls.signal(id, SIGNAL.claimed, claimed).catch(() => undefined)));
    },
    goingOf: async (hosts) => {
      await calls.connect();
      return readGoing(calls, monitor, hosts);
    },
    close: () => calls.close(),
  };
}

/** What a request is from its first moment, before any worker saw it. */
const ACCEPTED: StatusMemo = { v: 1, status: 'running', message: '' };

function requestStart(input: MachineRequestInput): WorkflowStart {
  const { requestId, deployment, provider, count, deadlineSeconds } = input;
  const templateId = input.template?.templateId ?? '';
  return {
    workflowType: WORKFLOW.request,
    workflowId: requestId,
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    memo: ACCEPTED,
    attributes: {
      HfState: 'acquiring',
      HfTemplate: templateId,
      HfProvider: provider,
      HfRequestType: 'create',
      HfCount: count,
    },
    summary: `${count} x ${templateId} for ${provider}`,
    details: markdown([
      ['template', templateId],
      ['machines', String(count)],
      ['launches until', new Date(input.createdAt + deadlineSeconds * 1_000).toISOString()],
      ['provider', `${provider} of ${deployment}`],
      ['asked by', caller()],
      ...callRow(input),
    ]),
  };
}

function returnStart(input: MachineReturnInput): WorkflowStart {
  const { returnId, deployment, provider, machines } = input;
  return {
    workflowType: WORKFLOW.return,
    workflowId: returnId,
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    memo: ACCEPTED,
    attributes: {
      HfState: 'returning',
      HfProvider: provider,
      HfRequestType: 'return',
      HfCount: machines.length,
    },
    summary: `return of ${machines.length} to ${provider}`,
    details: markdown([
      ['machines', String(machines.length)],
      ['provider', `${provider} of ${deployment}`],
      ['asked by', caller()],
      ...callRow(input),
    ]),
  };
}

/** Leads to the lines of this call in the log. */
const callRow = ({ callId }: { readonly callId?: string }): readonly (readonly [string, string])[] =>
  callId === undefined ? [] : [['call', callId]];

const markdown = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');

function caller(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without a name, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
