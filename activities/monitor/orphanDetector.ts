import pMap from 'p-map';
import type { Client } from '@temporalio/client';
import { isWorkflowOpen, MAX_CONCURRENT_OWNER_CALLS } from '../owners/workflowLookup.ts';
import { listOwners, IS_OPEN } from '../owners/listOwners.ts';
import type { MachineReader, ProviderInstance } from '../provider.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

export interface OrphanDetector {
  /**
   * Returns the requests that have live machines or groups but no open owner in two consecutive checks; undefined before
   * the first conclusive check. Checks on every call while there is a candidate, otherwise every fifth sweep.
   * @param requestIds requests of the machines that the last sweep showed alive
   */
  findOwnerlessRequests(
    provider: ProviderInstance,
    requestIds: ReadonlySet<string>,
  ): Promise<OwnerlessRequests | undefined>;
}

export interface OwnerlessRequests {
  readonly requestIds: ReadonlySet<string>;
  /** Those of them that have groups. */
  readonly withGroups: ReadonlySet<string>;
}

/** Sweeps between two checks. */
const SWEEPS_BETWEEN_CHECKS = 5;

export function createOrphanDetector(
  client: Client,
  { listGroups }: Pick<MachineReader, 'listGroups'>,
  sweepSeconds: number,
): OrphanDetector {
  let nextCheckAt = 0;
  let candidates: ReadonlySet<string> = new Set();
  let confirmed: OwnerlessRequests | undefined;
  return {
    async findOwnerlessRequests(provider, requestIds) {
      if (candidates.size === 0 && Date.now() < nextCheckAt) return confirmed;
      const groups = new Set((await listGroups(provider)).map(({ requestId }) => requestId));
      const withoutOpenOwner = await requestsWithoutOpenOwner(
        client,
        provider,
        new Set([...requestIds, ...groups]),
      );
      const observedTwice = [...withoutOpenOwner].filter(
        (id) => candidates.has(id) || confirmed?.requestIds.has(id),
      );
      const newCandidates = [...withoutOpenOwner].filter((id) => !observedTwice.includes(id));
      if (confirmed || newCandidates.length === 0 || observedTwice.length > 0) {
        const withGroups = new Set(observedTwice.filter((id) => groups.has(id)));
        confirmed = { requestIds: new Set(observedTwice), withGroups };
      }
      candidates = new Set(newCandidates);
      nextCheckAt = Date.now() + SWEEPS_BETWEEN_CHECKS * sweepSeconds * 1_000;
      return confirmed;
    },
  };
}

/** Visibility lags behind the workflows: owners that it does not list are described by id. */
async function requestsWithoutOpenOwner(
  client: Client,
  instance: ProviderInstance,
  requestIds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (requestIds.size === 0) return new Set();
  const open = new Set<string>();
  for await (const { workflowId } of listOwners(client, instance, IS_OPEN)) open.add(workflowId);
  const unlisted = [...requestIds].filter((id) => !open.has(id) && !open.has(adopterId(id)));
  const hasOwner = await pMap(
    unlisted,
    async (id) => (await isWorkflowOpen(client, id)) || isWorkflowOpen(client, adopterId(id)),
    { concurrency: MAX_CONCURRENT_OWNER_CALLS },
  );
  return new Set(unlisted.filter((_, index) => hasOwner[index] !== true));
}
