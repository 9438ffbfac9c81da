import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { mapConcurrently } from '../runtime/inParallel.ts';
import { listOwners, IS_OPEN } from '../owners/listOwners.ts';
import type { MachineReader, ProviderInstance } from '../provider.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

export interface OrphanDetector {
  /**
   * Of these requests, whose machines were just seen alive, and of those that have groups, the ones that have no
   * open owner, seen twice; undefined while nothing is known. Asks at every call only while there is a suspicion.
   */
  findOwnerlessRequests(
    provider: ProviderInstance,
    requestIds: ReadonlySet<string>,
  ): Promise<OwnerlessRequests | undefined>;
}

export interface OwnerlessRequests {
  readonly requestIds: ReadonlySet<string>;
  /** Of these, those that have groups. */
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
      const seenTwice = [...withoutOpenOwner].filter(
        (id) => candidates.has(id) || confirmed?.requestIds.has(id),
      );
      const newCandidates = [...withoutOpenOwner].filter((id) => !seenTwice.includes(id));
      if (confirmed || newCandidates.length === 0 || seenTwice.length > 0) {
        const withGroups = new Set(seenTwice.filter((id) => groups.has(id)));
        confirmed = { requestIds: new Set(seenTwice), withGroups };
      }
      candidates = new Set(newCandidates);
      nextCheckAt = Date.now() + SWEEPS_BETWEEN_CHECKS * sweepSeconds * 1_000;
      return confirmed;
    },
  };
}

/** The list of open owners lags behind them: whom it lacks is asked for by id. */
async function requestsWithoutOpenOwner(
  client: Client,
  instance: ProviderInstance,
  requestIds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (requestIds.size === 0) return new Set();
  const open = new Set<string>();
  for await (const { workflowId } of listOwners(client, instance, IS_OPEN)) open.add(workflowId);
  const unlisted = [...requestIds].filter((id) => !open.has(id) && !open.has(adopterId(id)));
  const hasOwner = await mapConcurrently(
    unlisted,
    async (id) => (await isOpen(client, id)) || isOpen(client, adopterId(id)),
  );
  return new Set(unlisted.filter((_, index) => hasOwner[index] !== true));
}

async function isOpen(client: Client, workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe();
    // Between two runs of one workflow Temporal may show the older one.
    return ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'].includes(status.name);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
