import { Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import { QUERY } from '../../contract/messages.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

/** An owner that needs longer is asked again later. */
const QUERY_TIMEOUT_MS = 5_000;

/** Asks owners how their machines stand. Both reject when one is too busy, without a worker, or broken. */
export interface OwnerQueries {
  /** By the open owner, or else the open adopter; undefined when neither is open. */
  queryOpen(
    requestId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined>;
  /**
   * The open owner knows; else the adopter, who took over from it; else what the owner knew last. Where Temporal knows
   * none of them, all count as held.
   */
  queryAny(requestId: string, machineIds: readonly string[]): Promise<readonly OwnershipStatus[]>;
  /** What a closed adopter or else the closed owner knew last; undefined when Temporal knows the owner no more. */
  queryClosed(
    requestId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined>;
}

export function createOwnerQueries(client: Client): OwnerQueries {
  const { connection } = client;
  const { namespace } = client.options;
  const openOnly = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });

  /** Undefined when the workflow is closed or not there. */
  async function query(
    queryClient: Client,
    workflowId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined> {
    try {
      return await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
        queryClient.workflow
          .getHandle(workflowId)
          .query<OwnershipStatus[], [readonly string[]]>(QUERY.ownershipStatus, machineIds),
      );
    } catch (error) {
      if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  /** What the adopter does not know is left to the owner before it. */
  const mergeStatuses = (
    machineIds: readonly string[],
    adopterStatuses: readonly OwnershipStatus[] | undefined,
    ownerStatuses: readonly OwnershipStatus[] | undefined,
  ): OwnershipStatus[] =>
    machineIds.map((_, index) => {
      const status = adopterStatuses?.[index];
      return (status === 'unknown' ? undefined : status) ?? ownerStatuses?.[index] ?? 'unknown';
    });

  return {
    queryOpen: async (requestId, machineIds) =>
      (await query(openOnly, requestId, machineIds)) ?? query(openOnly, adopterId(requestId), machineIds),

    async queryAny(requestId, machineIds) {
      const open = await query(openOnly, requestId, machineIds);
      if (open) return open;
      const adopterStatuses = await query(client, adopterId(requestId), machineIds);
      if (adopterStatuses && !adopterStatuses.includes('unknown')) return adopterStatuses;
      const ownerStatuses = await query(client, requestId, machineIds);
      // Temporal has lost the book: Host Factory may have been told of any.
      if (!adopterStatuses && !ownerStatuses) return machineIds.map(() => 'acknowledged');
      return mergeStatuses(machineIds, adopterStatuses, ownerStatuses);
    },

    async queryClosed(requestId, machineIds) {
      const adopterStatuses = await query(client, adopterId(requestId), machineIds);
      const ownerStatuses = await query(client, requestId, machineIds);
      if (ownerStatuses) return mergeStatuses(machineIds, adopterStatuses, ownerStatuses);
      return adopterStatuses?.includes('unknown') ? undefined : adopterStatuses;
    },
  };
}
