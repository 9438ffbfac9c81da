import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { isAlive } from '../../domain/machine/machine.ts';
import type { AdoptOrphansInput } from '../../contract/monitorActivities.ts';
import { SIGNAL, type MachinesObserved, type OrphanedGroup } from '../../contract/messages.ts';
import { signalAdopter } from './signalAdopter.ts';
import { mapConcurrently } from '../runtime/inParallel.ts';
import { toObservation, type MachineReader, type OwnedObservation } from '../provider.ts';
import type { OwnerQueries } from './ownerQueries.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';

/** A closed owner that did not answer so often never will. */
const MAX_QUERY_ATTEMPTS = 5;

/** Gives all that is alive of these requests to their adopters, machines and groups. */
export async function adoptOrphans(
  reader: MachineReader,
  client: Client,
  ownerQueries: OwnerQueries,
  { deployment, provider, owners, minAgeMs }: AdoptOrphansInput,
): Promise<void> {
  const instance = { deployment, provider };
  const readById = await reader.readMachines(owners.flatMap(([, machineIds]) => machineIds));
  // Later than the sweep that found them: the owner may have launched more just before its end.
  const observed = new Map([...readById, ...(await reader.listMachines(instance)).map(byMachineId)]);
  const groups = await reader.listGroups(instance);
  await mapConcurrently(owners, async ([requestId, machineIds]) => {
    const alive = [...observed.values()].filter(
      ({ machineId, state, owner }) =>
        isAlive(state) && (owner?.requestId === requestId || machineIds.includes(machineId)),
    );
    const orphanedGroups = groups.filter((group) => group.requestId === requestId).map(toOrphanedGroup);
    if (alive.length + orphanedGroups.length === 0) return;
    const ids = alive.map(({ machineId }) => machineId);
    const lastStatuses = await lastOwnershipStatuses(ownerQueries, requestId, ids);
    const argument: MachinesObserved = {
      v: 1,
      observations: alive.map(toObservation),
      ...unacknowledgedFields(alive, lastStatuses, minAgeMs),
      ...(orphanedGroups.length > 0 ? { groups: orphanedGroups } : {}),
    };
    await signalAdopter(client, {
      ...instance,
      requestId,
      signal: SIGNAL.machinesObserved,
      argument,
      startedBy: 'the monitor',
    });
  });
}

/** One that cannot be replayed must not keep its machines from being adopted. */
async function lastOwnershipStatuses(
  ownerQueries: OwnerQueries,
  requestId: string,
  machineIds: readonly string[],
): Promise<readonly OwnershipStatus[] | undefined> {
  if (machineIds.length === 0) return undefined;
  try {
    return await ownerQueries.queryClosed(requestId, machineIds);
  } catch (error) {
    if (Context.current().info.attempt < MAX_QUERY_ATTEMPTS) throw error;
    return undefined;
  }
}

const byMachineId = (machine: OwnedObservation) => [machine.machineId, machine] as const;

const toOrphanedGroup = ({ launchMethod, id, token, mustBeDeleted }: OrphanedGroup): OrphanedGroup => ({
  launchMethod,
  id,
  token,
  ...(mustBeDeleted ? { mustBeDeleted } : {}),
});

/**
 * Which of the machines Host Factory never read, by the book of their closed owner. Without a book it may have read
 * all of them. What the owner had never seen ready, or never seen at all, it cannot have reported to anybody.
 */
function unacknowledgedFields(
  machines: readonly OwnedObservation[],
  statuses: readonly OwnershipStatus[] | undefined,
  minAgeMs: number | undefined,
): Pick<MachinesObserved, 'unacknowledged' | 'unreported' | 'releaseAt'> {
  if (!statuses || minAgeMs === undefined) return {};
  const withStatus = (...accepted: readonly OwnershipStatus[]) =>
    machines.filter((_, index) => accepted.includes(statuses[index] ?? 'acknowledged'));
  const unacknowledged = withStatus('unacknowledged', 'unknown', 'booting').map(({ machineId }) => machineId);
  const unreported = withStatus('unknown', 'booting');
  if (unreported.length === 0) return unacknowledged.length === 0 ? {} : { unacknowledged };
  const youngest = Math.max(...unreported.map(({ launchTime }) => launchTime));
  return {
    unacknowledged,
    unreported: unreported.map(({ machineId }) => machineId),
    releaseAt: youngest * 1_000 + minAgeMs,
  };
}
