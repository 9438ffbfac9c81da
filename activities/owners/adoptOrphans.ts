import pMap from 'p-map';
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { isAlive } from '../../domain/machine/machine.ts';
import type { AdoptOrphansInput } from '../../contract/monitorActivities.ts';
import { signalAdopter } from './signalAdopter.ts';
import { MAX_CONCURRENT_OWNER_CALLS } from './workflowLookup.ts';
import { toObservation, type MachineReader, type OwnedObservation } from '../provider.ts';
import type { OwnerQueries } from './ownerQueries.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';
import {
  type MachinesObserved,
  type OrphanedGroup,
  machinesObservedSignal,
} from '../../contract/machineRequest.ts';

/** A closed owner that failed this many queries will never answer (e.g. its history no longer replays). */
const MAX_QUERY_ATTEMPTS = 5;

/** Signals everything that is alive of these requests, machines and groups, to their adopters. */
export async function adoptOrphans(
  reader: MachineReader,
  client: Client,
  ownerQueries: OwnerQueries,
  { deployment, provider, owners, minAgeMs }: AdoptOrphansInput,
): Promise<void> {
  const instance = { deployment, provider };
  const readById = await reader.readMachines(owners.flatMap(([, machineIds]) => machineIds));
  // Listed again because the owner may have launched more shortly before it closed.
  const observed = new Map([...readById, ...(await reader.listMachines(instance)).map(byMachineId)]);
  const groups = await reader.listGroups(instance);
  const adopt = async ([requestId, machineIds]: AdoptOrphansInput['owners'][number]): Promise<void> => {
    const alive = [...observed.values()].filter(
      ({ machineId, state, owner }) =>
        isAlive(state) && (owner?.requestId === requestId || machineIds.includes(machineId)),
    );
    const orphanedGroups = groups.filter((group) => group.requestId === requestId).map(toOrphanedGroup);
    if (alive.length + orphanedGroups.length === 0) return;
    const ids = alive.map(({ machineId }) => machineId);
    const lastStatuses = await lastOwnershipStatuses(ownerQueries, requestId, ids);
    const payload: MachinesObserved = {
      v: 1,
      observations: alive.map(toObservation),
      ...unacknowledgedFields(alive, lastStatuses, minAgeMs),
      ...(orphanedGroups.length > 0 ? { groups: orphanedGroups } : {}),
    };
    await signalAdopter(client, {
      ...instance,
      requestId,
      signal: machinesObservedSignal,
      payload,
      startedBy: 'the monitor',
    });
  };
  await pMap(owners, adopt, { concurrency: MAX_CONCURRENT_OWNER_CALLS });
}

/** An owner whose history cannot be replayed must not prevent the adoption. */
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
 * Which machines Host Factory never acknowledged, according to their closed owner. If no owner can answer, Host Factory
 * may use all of them. A machine that the owner never observed ready, or never observed at all, was never reported to
 * Host Factory.
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
