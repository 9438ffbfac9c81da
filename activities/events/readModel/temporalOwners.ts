import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter, defineSearchAttributeKey } from '@temporalio/common';
import { unpackMachines } from '../../../domain/machine/packed.ts';
import type { Machine } from '../../../domain/machine/machine.ts';
import { monitorId } from '../../../contract/ids.ts';
import { QUERY, type StatusPage } from '../../../contract/messages.ts';
import { mapConcurrently } from '../../runtime/inParallel.ts';
import { listOwners } from '../../owners/listOwners.ts';
import type { ProviderInstance } from '../../provider.ts';
import type { OwnerSnapshot } from './ownerSnapshot.ts';
import type { Owner, OwnerDirectory } from './rebuild.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../../domain/request/input.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

const HF_STATE = defineSearchAttributeKey('HfState', 'KEYWORD');
const CALL_TIMEOUT_MS = 10_000;
/** Reads of all pages of a status that changes meanwhile. */
const MAX_PAGING_ATTEMPTS = 3;

/** Owners as Temporal knows them: those that run, and those whose history it still keeps. */
export function createOwnerDirectory(client: Client, instance: ProviderInstance): OwnerDirectory {
  const { connection, workflowService } = client;
  const { namespace } = client.options;
  const withTimeout = <T>(work: () => Promise<T>): Promise<T> =>
    connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, work);

  async function readInput(workflowId: string, runId: string): Promise<MachineRequestInput> {
    const { history } = await withTimeout(() =>
      workflowService.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId, runId },
        maximumPageSize: 1,
      }),
    );
    const [first] = history?.events ?? [];
    const payload = first?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
    if (!payload) throw new Error(`the first event of ${workflowId} has no input`);
    return defaultPayloadConverter.fromPayload<MachineRequestInput>(payload);
  }

  async function readStatus({
    id,
    runId,
    completed,
  }: Execution): Promise<Pick<OwnerSnapshot, 'status' | 'message' | 'machines'>> {
    const handle = client.workflow.getHandle(id, runId, { followRuns: false });
    if (completed) {
      const { status, message, machines } = (await withTimeout(() => handle.result())) as StatusView;
      return { status, message, machines: unpackMachines(machines) };
    }
    for (let attempt = 0; attempt < MAX_PAGING_ATTEMPTS; attempt++) {
      const all: Machine[] = [];
      for (;;) {
        const page = { offset: all.length };
        const view = await withTimeout(() => handle.query<StatusView, [StatusPage]>(QUERY.status, page));
        const machines = unpackMachines(view.machines);
        all.push(...machines);
        if (all.length === view.total) return { status: view.status, message: view.message, machines: all };
        if (machines.length === 0 || all.length > view.total) break;
      }
    }
    throw new Error('its machines change too quickly');
  }

  /** 'RUNNING', ...; undefined when Temporal does not know it. */
  async function readWorkflowStatus(workflowId: string): Promise<string | undefined> {
    try {
      return (await withTimeout(() => client.workflow.getHandle(workflowId).describe())).status.name;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }

  return {
    async list() {
      const newest = new Map<string, Execution>();
      for await (const info of listOwners(client, instance, 'ExecutionStatus != "ContinuedAsNew"')) {
        const execution = executionOf(info);
        // A reset, or a second adopter, has the id of the one before.
        const known = newest.get(execution.id);
        if (!known || known.startedAt < execution.startedAt) newest.set(execution.id, execution);
      }
      return [...newest.values()].map((execution) => ({
        ...execution,
        readSnapshot: async (): Promise<OwnerSnapshot> => {
          const { carriedState, ...input } = await readInput(execution.id, execution.runId);
          const common = { input, endedAt: execution.endedAt };
          try {
            const view = await readStatus(execution);
            return { ...common, ...view, cancelled: execution.cancelled };
          } catch (error) {
            const queryError = messageOf(error);
            const { status = 'running', message = '', cancelled = execution.cancelled } = carriedState ?? {};
            const machines = carriedState ? unpackMachines(carriedState.machines) : [];
            return { ...common, queryError, status, message, cancelled, machines };
          }
        },
      }));
    },
    async filterClosed(ids) {
      // A wrong or an empty server knows no owner at all: its word would close every one.
      if (
        ids.length === 0 ||
        (await readWorkflowStatus(monitorId(instance.deployment, instance.provider))) === undefined
      )
        return [];
      const states = await mapConcurrently(ids, readWorkflowStatus);
      // Between two runs of one workflow Temporal may show the older one.
      return ids.filter(
        (_, index) => !['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'].includes(states[index] ?? ''),
      );
    },
  };
}

type Execution = Omit<Owner, 'readSnapshot'> & {
  readonly runId: string;
  readonly startedAt: number;
  readonly completed: boolean;
  readonly cancelled: boolean;
  /** Epoch ms; 0 while it runs. */
  readonly endedAt: number;
};

function executionOf(info: WorkflowExecutionInfo): Execution {
  const { workflowId, runId, status, startTime, closeTime, typedSearchAttributes } = info;
  return {
    id: workflowId,
    runId,
    startedAt: startTime.getTime(),
    isOpen: status.name === 'RUNNING' || status.name === 'PAUSED',
    completed: status.name === 'COMPLETED',
    cancelled: typedSearchAttributes.get(HF_STATE) === 'cancelled',
    endedAt: closeTime?.getTime() ?? 0,
  };
}
