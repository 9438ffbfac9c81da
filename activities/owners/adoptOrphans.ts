import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { isAlive } from '../../domain/machine/machine.ts';
import type { AdoptInput } from '../../contract/monitorActivities.ts';
import { SIGNAL, type MachinesSeen, type OrphanedGroup } from '../../contract/messages.ts';
import { signalAdopter } from './signalAdopter.ts';
import { inParallel } from '../runtime/inParallel.ts';
import { toSighting, type MachineReader, type OwnedMachine } from '../provider.ts';
import type { Standings } from './ownerQueries.ts';
import type { MachineStanding } from '../../domain/request/ownershipStatus.ts';

/** A closed owner that did not answer so often never will. */
const ATTEMPTS_TO_ASK = 5;

/** Gives all that is alive of these requests to their adopters, machines and groups. */
export async function adoptOrphans(
  reader: MachineReader,
  client: Client,
  standings: Standings,
  { deployment, provider, owners, minAgeMs }: AdoptInput,
): Promise<void> {
  const instance = { deployment, provider };
  const asked = await reader.byId(owners.flatMap(([, machineIds]) => machineIds));
  // Later than the sweep that found them: the owner may have launched more just before its end.
  const all = new Map([...asked, ...(await reader.ofProvider(instance)).map(byId)]);
  const groups = await reader.groupsOf(instance);
  await inParallel(owners, async ([requestId, machineIds]) => {
    const alive = [...all.values()].filter(
      ({ machineId, state, owner }) =>
        isAlive(state) && (owner?.requestId === requestId || machineIds.includes(machineId)),
    );
    const left = groups.filter((group) => group.requestId === requestId).map(toOrphan);
    if (alive.length + left.length === 0) return;
    const ids = alive.map(({ machineId }) => machineId);
    const last = await lastStandings(standings, requestId, ids);
    const argument: MachinesSeen = {
      v: 1,
      sightings: alive.map(toSighting),
      ...unreadOf(alive, last, minAgeMs),
      ...(left.length > 0 ? { groups: left } : {}),
    };
    await signalAdopter(client, {
      ...instance,
      requestId,
      signal: SIGNAL.machinesSeen,
      argument,
      startedBy: 'the monitor',
    });
  });
}

/** One that cannot be replayed must not keep its machines from being adopted. */
async function lastStandings(
  standings: Standings,
  requestId: string,
  machineIds: readonly string[],
): Promise<readonly MachineStanding[] | undefined> {
  if (machineIds.length === 0) return undefined;
  try {
    return await standings.ofClosed(requestId, machineIds);
  } catch (error) {
    if (Context.current().info.attempt < ATTEMPTS_TO_ASK) throw error;
    return undefined;
  }
}

const byId = (machine: OwnedMachine) => [machine.machineId, machine] as const;

const toOrphan = ({ manager, id, token, outlives }: OrphanedGroup): OrphanedGroup => ({
  manager,
  id,
  token,
  ...(outlives ? { outlives } : {}),
});

/**
 * Which of the machines Host Factory never read, by the book of their closed owner. Without a book it may have read
 * all of them. What the owner had never seen ready, or never seen at all, it cannot have reported to anybody.
 */
function unreadOf(
  machines: readonly OwnedMachine[],
  standings: readonly MachineStanding[] | undefined,
  minAgeMs: number | undefined,
): Pick<MachinesSeen, 'unclaimed' | 'unreported' | 'giveBackAt'> {
  if (!standings || minAgeMs === undefined) return {};
  const inState = (...wanted: readonly MachineStanding[]) =>
    machines.filter((_, index) => wanted.includes(standings[index] ?? 'held'));
  const unclaimed = inState('unclaimed', 'unknown', 'booting').map(({ machineId }) => machineId);
  const unreported = inState('unknown', 'booting');
  if (unreported.length === 0) return unclaimed.length === 0 ? {} : { unclaimed };
  const youngest = Math.max(...unreported.map(({ launchTime }) => launchTime));
  return {
    unclaimed,
    unreported: unreported.map(({ machineId }) => machineId),
    giveBackAt: youngest * 1_000 + minAgeMs,
  };
}
