import { Client, QueryRejectedError } from '@temporalio/client';
import { ifFound } from './workflowLookup.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import { ownershipStatusQuery } from '../../contract/machineRequest.ts';

/** An owner that takes longer is queried again later. */
const QUERY_TIMEOUT_MS = 5_000;

/** Queries the ownership status of machines. All methods reject if an owner is too busy, has no worker or is broken. */
export interface OwnerQueries {
  /** From the open owner, else the open adopter; undefined if neither is open. */
  queryOpen(
    requestId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined>;
  /**
   * From the open owner; else from the adopter, which continues its work; else from the closed owner's last state. If
   * Temporal knows none of them, every machine counts as acknowledged.
   */
  queryAny(requestId: string, machineIds: readonly string[]): Promise<readonly OwnershipStatus[]>;
  /** From the closed adopter, else from the closed owner; undefined if Temporal no longer knows the owner. */
  queryClosed(
    requestId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined>;
}

export function createOwnerQueries(client: Client): OwnerQueries {
  const { connection } = client;
  const { namespace } = client.options;
  const openOnly = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });

  /** Undefined if the workflow is closed or unknown. */
  async function query(
    queryClient: Client,
    workflowId: string,
    machineIds: readonly string[],
  ): Promise<readonly OwnershipStatus[] | undefined> {
    try {
      const reply: unknown = await connection.withDeadline(Date.now() + QUERY_TIMEOUT_MS, () =>
        ifFound(queryClient.workflow.getHandle(workflowId).query(ownershipStatusQuery, machineIds)),
      );
      return reply === undefined ? undefined : ownershipStatusQuery.parse(reply);
    } catch (error) {
      if (error instanceof QueryRejectedError) return undefined;
      throw error;
    }
  }

  /** Where the adopter answers `unknown`, the first owner's answer counts. */
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
      // Temporal has lost both: Host Factory may use any of the machines.
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
