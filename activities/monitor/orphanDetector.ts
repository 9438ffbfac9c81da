import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { inParallel } from '../runtime/inParallel.ts';
import { listOwners, OPEN } from '../owners/listOwners.ts';
import type { MachineReader, ProviderInstance } from '../provider.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

export interface OwnerWatch {
  /**
   * Of these requests, whose machines were just seen alive, and of those that have groups, the ones that have no
   * open owner, seen twice; undefined while nothing is known. Asks at every call only while there is a suspicion.
   */
  ownerless(provider: ProviderInstance, requestIds: ReadonlySet<string>): Promise<Ownerless | undefined>;
}

export interface Ownerless {
  readonly requests: ReadonlySet<string>;
  /** Of these, those that have groups. */
  readonly withGroups: ReadonlySet<string>;
}

/** Sweeps between two checks. */
const EVERY = 5;

export function createOwnerWatch(
  client: Client,
  { groupsOf }: Pick<MachineReader, 'groupsOf'>,
  sweepSeconds: number,
): OwnerWatch {
  let nextAt = 0;
  let suspects: ReadonlySet<string> = new Set();
  let lost: Ownerless | undefined;
  return {
    async ownerless(provider, requestIds) {
      if (suspects.size === 0 && Date.now() < nextAt) return lost;
      const groups = new Set((await groupsOf(provider)).map(({ requestId }) => requestId));
      const missing = await withoutOwner(client, provider, new Set([...requestIds, ...groups]));
      const seenTwice = [...missing].filter((id) => suspects.has(id) || lost?.requests.has(id));
      const fresh = [...missing].filter((id) => !seenTwice.includes(id));
      if (lost || fresh.length === 0 || seenTwice.length > 0) {
        const withGroups = new Set(seenTwice.filter((id) => groups.has(id)));
        lost = { requests: new Set(seenTwice), withGroups };
      }
      suspects = new Set(fresh);
      nextAt = Date.now() + EVERY * sweepSeconds * 1_000;
      return lost;
    },
  };
}

/** The list of open owners lags behind them: whom it lacks is asked for by id. */
async function withoutOwner(
  client: Client,
  instance: ProviderInstance,
  requestIds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  if (requestIds.size === 0) return new Set();
  const open = new Set<string>();
  for await (const { workflowId } of listOwners(client, instance, OPEN)) open.add(workflowId);
  const unlisted = [...requestIds].filter((id) => !open.has(id) && !open.has(adopterId(id)));
  const owned = await inParallel(
    unlisted,
    async (id) => (await isOpen(client, id)) || isOpen(client, adopterId(id)),
  );
  return new Set(unlisted.filter((_, index) => owned[index] !== true));
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
