import { Client, Connection, WorkflowNotFoundError, type WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { Config, TemporalConfig } from '../../config/index.ts';
import { isObject } from '../../domain/isObject.ts';
import type { RequestFilter, WorkflowRow } from '../../domain/request/requestRepository.ts';
import { ResourceNotFoundError } from '../../domain/errors/errors.ts';
import type { ForceAdoption, MonitorReport } from '../../domain/monitor/messages.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import { connectionOptions } from './connectionOptions.ts';
import { GRPC, grpcCode, unavailableError, unreachableError } from './temporalErrors.ts';
import { forceAdoptionSignal, reportQuery } from '../../contract/fleetMonitor.ts';
import { MACHINE_REQUEST } from '../../contract/machineRequest.ts';
import { MACHINE_RETURN } from '../../contract/machineReturn.ts';

/** The calls to Temporal that only operators' commands make. Lists lag about a second behind the workflows. */
export interface Visibility {
  /** @throws UnavailableError */
  list(query: string, limit: number): Promise<readonly WorkflowRow[]>;
  /**
   * Cancels a workflow, which then releases its machines and ends. Another task queue's workflow counts as missing: it
   * belongs to another provider.
   * @throws ResourceNotFoundError, UnavailableError
   */
  cancel(workflowId: string, taskQueue: string): Promise<void>;
  /** Describes the monitor; undefined if it was never started. @throws UnavailableError */
  monitor(workflowId: string): Promise<MonitorView | undefined>;
  /** Queries the monitor's report; undefined if there is no monitor. @throws UnavailableError */
  report(monitor: string): Promise<MonitorReport | undefined>;
  /** Signals the monitor to create an adopter for each of these requests. @throws UnavailableError */
  adopt(monitor: string, requestIds: readonly string[]): Promise<void>;
  /** The custom search attributes of the namespace; undefined if the server does not list them. */
  searchAttributes(): Promise<readonly string[] | undefined>;
  /** Describes the workers that poll a task queue; a stopped worker counts for up to 90 s. */
  pollers(taskQueue: string, kind: 'workflow' | 'activity'): Promise<Pollers>;
  close(): Promise<void>;
}

export interface MonitorView {
  readonly isOpen: boolean;
  /** Conditions that need an operator. */
  readonly alarms: readonly string[];
}

export interface Pollers {
  readonly count: number;
  /** Seconds since the latest poll of any of them; 0 if there are none. */
  readonly lastPollSecondsAgo: number;
}

/** The list filter for requests, returns and adopters of one provider. Values must not contain quotes. */
export function requestQuery(
  { provider }: Pick<Config, 'provider'>,
  { isOpen, state, templateId }: RequestFilter,
): string {
  const { workflows } = taskQueues(provider.deployment, provider.name);
  const types = [MACHINE_REQUEST, MACHINE_RETURN].map((type) => `WorkflowType = "${type}"`);
  return [
    `TaskQueue = "${workflows}" AND (${types.join(' OR ')})`,
    ...(isOpen ? ['ExecutionStatus = "Running"'] : []),
    ...(state === undefined ? [] : [`HfState = "${state}"`]),
    ...(templateId === undefined ? [] : [`HfTemplate = "${templateId}"`]),
  ].join(' AND ');
}

/** @throws UnavailableError when the server can't be reached */
export async function openVisibility(config: TemporalConfig): Promise<Visibility> {
  const connection = Connection.lazy({
    ...connectionOptions(config),
    connectTimeout: config.deadlineSeconds * 1_000,
  });
  try {
    await connection.ensureConnected();
  } catch (error) {
    throw unreachableError(config, error);
  }
  const client = new Client({ connection, namespace: config.namespace });
  const deadline = (): number => Date.now() + config.deadlineSeconds * 1_000;
  return {
    list: async (query, limit) => {
      const rows: WorkflowRow[] = [];
      try {
        await connection.withDeadline(deadline(), async () => {
          for await (const info of client.workflow.list({ query, pageSize: Math.min(limit, 1_000) })) {
            rows.push(toWorkflowRow(info));
            if (rows.length >= limit) break;
          }
        });
      } catch (error) {
        throw unavailableError(config, 'list workflows', error);
      }
      return rows;
    },
    cancel: async (workflowId, taskQueue) => {
      const handle = client.workflow.getHandle(workflowId);
      const cancelIfOurs = async (): Promise<boolean> => {
        if ((await handle.describe()).taskQueue !== taskQueue) return false;
        await handle.cancel();
        return true;
      };
      const found = await connection.withDeadline(deadline(), cancelIfOurs).catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return false;
        throw unavailableError(config, `cancel ${workflowId}`, error);
      });
      if (!found) throw new ResourceNotFoundError(`There is no open request or return '${workflowId}'.`);
    },
    monitor: async (workflowId) => {
      try {
        const { status, memo } = await connection.withDeadline(deadline(), () =>
          client.workflow.getHandle(workflowId).describe(),
        );
        return { isOpen: status.name === 'RUNNING', alarms: alarmsInMemo(memo?.['hf']) };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unavailableError(config, `describe ${workflowId}`, error);
      }
    },
    report: async (monitor) => {
      try {
        const reply: unknown = await connection.withDeadline(deadline(), () =>
          client.workflow.getHandle(monitor).query(reportQuery),
        );
        return reportQuery.parse(reply);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unavailableError(config, `query ${monitor}`, error);
      }
    },
    adopt: async (monitor, requestIds) => {
      const signal: ForceAdoption = { v: 1, requestIds };
      try {
        await connection.withDeadline(deadline(), () =>
          client.workflow.getHandle(monitor).signal(forceAdoptionSignal, signal),
        );
      } catch (error) {
        throw unavailableError(config, `signal ${monitor}`, error);
      }
    },
    searchAttributes: async () => {
      try {
        const { customAttributes } = await connection.withDeadline(deadline(), () =>
          connection.operatorService.listSearchAttributes({ namespace: config.namespace }),
        );
        return Object.keys(customAttributes ?? {});
      } catch (error) {
        // Temporal Cloud does not offer this service.
        const code = grpcCode(error);
        if (code === GRPC.unimplemented || code === GRPC.permissionDenied) return undefined;
        throw unavailableError(config, 'list search attributes', error);
      }
    },
    pollers: async (name, kind) => {
      try {
        const { pollers } = await connection.withDeadline(deadline(), () =>
          client.workflowService.describeTaskQueue({
            namespace: config.namespace,
            taskQueue: { name },
            taskQueueType: TASK_QUEUE_TYPE[kind],
          }),
        );
        const ages = (pollers ?? [])
          .map(({ lastAccessTime }) => Math.round(Date.now() / 1_000 - Number(lastAccessTime?.seconds ?? 0)))
          .filter((age) => age < MAX_POLLER_AGE_S);
        return {
          count: ages.length,
          lastPollSecondsAgo: ages.length > 0 ? Math.max(0, Math.min(...ages)) : 0,
        };
      } catch (error) {
        throw unavailableError(config, `describe the task queue ${name}`, error);
      }
    },
    close: () => connection.close(),
  };
}

function alarmsInMemo(memo: unknown): readonly string[] {
  const alarms = isObject(memo) ? memo['alarms'] : undefined;
  return Array.isArray(alarms) ? alarms.map(String) : [];
}

/** A worker polls at least once a minute; the server lists a stopped one for five minutes. */
const MAX_POLLER_AGE_S = 90;

type TaskQueueType = Exclude<
  Parameters<Client['workflowService']['describeTaskQueue']>[0]['taskQueueType'],
  null | undefined
>;
/** Numbers of temporal.api.enums.v1.TaskQueueType, which is not exported. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
const TASK_QUEUE_TYPE = { workflow: 1 as TaskQueueType, activity: 2 as TaskQueueType };

const HF_STATE = defineSearchAttributeKey('HfState', 'KEYWORD');
const HF_TEMPLATE = defineSearchAttributeKey('HfTemplate', 'KEYWORD');
const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');

function toWorkflowRow({
  workflowId,
  type,
  status,
  typedSearchAttributes: attributes,
}: WorkflowExecutionInfo): WorkflowRow {
  const isOpen = status.name === 'RUNNING';
  const ended = status.name.toLowerCase();
  return {
    id: workflowId,
    kind: type === MACHINE_RETURN ? 'return' : workflowId.startsWith('own-') ? 'adopter' : 'request',
    state: isOpen ? (attributes.get(HF_STATE) ?? ended) : ended,
    isOpen,
    template: attributes.get(HF_TEMPLATE) ?? '',
    count: attributes.get(HF_COUNT) ?? 0,
  };
}
