import { hostname, userInfo } from 'node:os';
import type { Config, Environment } from '../../config/index.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import { selectClient } from './selectClient.ts';
import type { Gateway, TemporalClient, WorkflowStart } from './gateway.ts';
import { mapConcurrently } from './mapConcurrently.ts';
import { readLostHosts } from './readLostHosts.ts';
import { readStatus } from './readStatus.ts';
import { assertNothingAlive } from './unknownRequest.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { MachineReturnInput } from '../../domain/return/input.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import { monitorStart, hostListUpdatedSignal } from '../../contract/fleetMonitor.ts';
import { type Acknowledge, acknowledgeSignal, MACHINE_REQUEST } from '../../contract/machineRequest.ts';
import type { StatusMemo } from '../../contract/status.ts';
import { MACHINE_RETURN } from '../../contract/machineReturn.ts';

/** Ids whose status is read at the same time. */
const MAX_CONCURRENT_READS = 200;

export const openGateway = async (
  { temporal, provider }: Pick<Config, 'temporal' | 'provider'>,
  env: Environment,
): Promise<Gateway> =>
  createGateway(await selectClient(temporal, env), monitorStart(provider.deployment, provider.name));

export function createGateway(client: TemporalClient, monitor: ReturnType<typeof monitorStart>): Gateway {
  const start = async (workflow: WorkflowStart) => {
    await client.connect();
    return client.start(workflow);
  };
  return {
    startRequest: (input) => start(machineRequestStart(input)),
    startReturn: (input) => start(machineReturnStart(input)),
    readStatuses: async (ids, now) => {
      await client.connect();
      const { deployment, provider } = monitor.input;
      let description: ReturnType<TemporalClient['describe']> | undefined;
      const describeMonitor = () => (description ??= client.describe(monitor.workflowId));
      const answers = await mapConcurrently(ids, MAX_CONCURRENT_READS, (id) =>
        readStatus(client, id, now, {
          deployment,
          provider,
          assertNothingAlive: (unknownId) =>
            assertNothingAlive(client, monitor.workflowId, describeMonitor, unknownId),
        }).catch(unreadable),
      );
      const failures = answers.filter((answer) => answer instanceof UnavailableError);
      const [failure] = failures;
      if (failure && failures.length === answers.length) throw failure;
      return answers.map((answer) => (answer instanceof UnavailableError ? stillRunning(answer) : answer));
    },
    acknowledge: async (requestId, machineIds) => {
      const acknowledged: Acknowledge = { v: 1, machineIds };
      // If an operator resets a closed owner, its adopter may hold the machines too.
      const owners = [requestId, adopterId(requestId)];
      await Promise.all(
        owners.map((id) => client.signal(id, acknowledgeSignal, acknowledged).catch(() => undefined)),
      );
    },
    readLostHosts: async (hosts) => {
      await client.connect();
      return readLostHosts(client, monitor.workflowId, hosts);
    },
    ensureMonitor: async () => {
      await client.start({
        ...monitor,
        startIfNotRunning: true,
        attributes: { HfProvider: monitor.input.provider },
      });
    },
    updateHostList: (update) =>
      client.signal(monitor.workflowId, hostListUpdatedSignal, update).catch(() => undefined),
    close: () => client.close(),
  };
}

function unreadable(error: unknown): UnavailableError {
  if (error instanceof UnavailableError) return error;
  throw error;
}

/**
 * Among others that can be read, a status that cannot be read now is `running`: it decides nothing, and Host Factory
 * reads it again. One slow request must not fail the call for all.
 */
const stillRunning = ({ message }: UnavailableError): StatusAnswer => ({
  status: 'running',
  message: `The status cannot be read now: ${message}`,
  machines: [],
});

/** The memo of a new request until a worker processes it. */
const ACCEPTED_MEMO: StatusMemo = { v: 1, status: 'running', message: '' };

function machineRequestStart(input: MachineRequestInput): WorkflowStart {
  const { requestId, deployment, provider, count, deadlineSeconds } = input;
  const templateId = input.template?.templateId ?? '';
  return {
    workflowType: MACHINE_REQUEST,
    workflowId: requestId,
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    memo: ACCEPTED_MEMO,
    attributes: {
      HfState: 'provisioning',
      HfTemplate: templateId,
      HfProvider: provider,
      HfRequestType: 'create',
      HfCount: count,
    },
    summary: `${count} x ${templateId} for ${provider}`,
    details: markdownList([
      ['template', templateId],
      ['machines', String(count)],
      ['launches until', new Date(input.createdAt + deadlineSeconds * 1_000).toISOString()],
      ['provider', `${provider} of ${deployment}`],
      ['requested by', currentUser()],
      ...callIdRow(input),
    ]),
  };
}

function machineReturnStart(input: MachineReturnInput): WorkflowStart {
  const { returnId, deployment, provider, machines } = input;
  return {
    workflowType: MACHINE_RETURN,
    workflowId: returnId,
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    memo: ACCEPTED_MEMO,
    attributes: {
      HfState: 'returning',
      HfProvider: provider,
      HfRequestType: 'return',
      HfCount: machines.length,
    },
    summary: `return of ${machines.length} to ${provider}`,
    details: markdownList([
      ['machines', String(machines.length)],
      ['provider', `${provider} of ${deployment}`],
      ['requested by', currentUser()],
      ...callIdRow(input),
    ]),
  };
}

/** The call id, by which an operator finds this call's log lines. */
const callIdRow = ({ callId }: { readonly callId?: string }): readonly (readonly [string, string])[] =>
  callId === undefined ? [] : [['call', callId]];

const markdownList = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `- **${name}**: ${value}`).join('\n');

function currentUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user id without a name, as in some containers.
    return `uid ${process.getuid?.() ?? '?'}@${hostname()}`;
  }
}
