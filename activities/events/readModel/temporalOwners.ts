import pMap from 'p-map';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { unpackMachines } from '../../../domain/machine/packed.ts';
import type { Machine } from '../../../domain/machine/machine.ts';
import { monitorId } from '../../../contract/ids.ts';
import { isOpenStatus } from '../../../contract/workflowStatus.ts';
import { HF_STATE } from '../../owners/searchAttributeKeys.ts';
import { ifFound, MAX_CONCURRENT_OWNER_CALLS } from '../../owners/workflowLookup.ts';
import { listOwners } from '../../owners/listOwners.ts';
import type { ProviderInstance } from '../../provider.ts';
import type { OwnerSnapshot } from './ownerSnapshot.ts';
import type { Owner, OwnerDirectory } from './rebuild.ts';
import type { MachineRequestInput } from '../../../domain/request/input.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';
import { statusQuery } from '../../../contract/status.ts';
import { parseRequestInput } from '../../../contract/inputs.ts';

const CALL_TIMEOUT_MS = 10_000;
/** Attempts to page through a status that changes in between. */
const MAX_PAGING_ATTEMPTS = 3;

/** Owners according to Temporal: open ones, and closed ones whose history is retained. */
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
    return parseRequestInput(defaultPayloadConverter.fromPayload<unknown>(payload));
  }

  async function readStatus({
    id,
    runId,
    completed,
  }: Execution): Promise<Pick<OwnerSnapshot, 'status' | 'message' | 'machines'>> {
    const handle = client.workflow.getHandle(id, runId, { followRuns: false });
    if (completed) {
      const { status, message, machines } = statusQuery.parse(await withTimeout(() => handle.result()));
      return { status, message, machines: unpackMachines(machines) };
    }
    for (let attempt = 0; attempt < MAX_PAGING_ATTEMPTS; attempt++) {
      const all: Machine[] = [];
      for (;;) {
        const page = { offset: all.length };
        const view = statusQuery.parse(await withTimeout(() => handle.query(statusQuery, page)));
        const machines = unpackMachines(view.machines);
        all.push(...machines);
        if (all.length === view.total) return { status: view.status, message: view.message, machines: all };
        if (machines.length === 0 || all.length > view.total) break;
      }
    }
    throw new Error('the status changed between its pages');
  }

  /** 'RUNNING', ...; undefined if Temporal does not know the workflow. */
  async function readWorkflowStatus(workflowId: string): Promise<string | undefined> {
    const description = await ifFound(withTimeout(() => client.workflow.getHandle(workflowId).describe()));
    return description?.status.name;
  }

  return {
    async list() {
      const newest = new Map<string, Execution>();
      for await (const info of listOwners(client, instance, 'ExecutionStatus != "ContinuedAsNew"')) {
        const execution = executionOf(info);
        // A reset run and a second adopter reuse the workflow id.
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
      // A wrong or empty server knows no owners; believing it would close them all. The monitor proves the right server.
      if (
        ids.length === 0 ||
        (await readWorkflowStatus(monitorId(instance.deployment, instance.provider))) === undefined
      )
        return [];
      const statuses = await pMap(ids, readWorkflowStatus, { concurrency: MAX_CONCURRENT_OWNER_CALLS });
      return ids.filter((_, index) => !isOpenStatus(statuses[index] ?? ''));
    },
  };
}

type Execution = Omit<Owner, 'readSnapshot'> & {
  readonly runId: string;
  readonly startedAt: number;
  readonly completed: boolean;
  readonly cancelled: boolean;
  /** Epoch ms; 0 while it is open. */
  readonly endedAt: number;
};

function executionOf(info: WorkflowExecutionInfo): Execution {
  const { workflowId, runId, status, startTime, closeTime, typedSearchAttributes } = info;
  return {
    id: workflowId,
    runId,
    startedAt: startTime.getTime(),
    isOpen: isOpenStatus(status.name),
    completed: status.name === 'COMPLETED',
    cancelled: typedSearchAttributes.get(HF_STATE) === 'cancelled',
    endedAt: closeTime?.getTime() ?? 0,
  };
}
