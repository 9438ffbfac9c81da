import type { LostHostsQuery, HostListDiff } from './messages.ts';
import type { MonitorState } from './state.ts';
import type { HostListSummary } from './records.ts';
import type { QueryOwnersResult } from './activityResults.ts';

/** Host lists within this time may be one repeated call; they count as one. */
const MIN_LIST_INTERVAL_MS = 5_000;
/** After this time without a list Host Factory may have been restarted; the count restarts. */
const MAX_LIST_GAP_MS = 5 * 60_000;
/** Consecutive untrusted lists until an alarm is raised. */
export const LISTS_UNTIL_ALARM = 5;
/** Limits the ids in one signal; the next list adds the rest. */
const MAX_UNLISTED_PER_DIFF = 1_000;

/**
 * What the monitor has to record of a complete host list: the machines that it lacks for the first time, those that it
 * contains again and, while a machine's missed lists are counted, the list itself. Undefined otherwise, so a list that
 * contains all machines costs no history event.
 */
export function diffHostList(
  state: MonitorState,
  { at, isComplete, ids }: LostHostsQuery,
  listedIds: ReadonlySet<string>,
): HostListDiff | undefined {
  const { rules, liveMachines, unlistedMachines, lostMachines } = state;
  if (!isComplete || !rules || !state.isReady) return undefined;
  const unlisted: string[] = [];
  const relisted: string[] = [];
  let listedMachines = 0;
  for (const [machineId, { launchTime, isShuttingDown }] of liveMachines) {
    if (listedIds.has(machineId)) {
      listedMachines += 1;
      if (unlistedMachines.has(machineId)) relisted.push(machineId);
    } else if (!unlistedMachines.has(machineId) && !isShuttingDown && !lostMachines.has(machineId)) {
      const isOldEnough = launchTime > 0 && launchTime * 1_000 + rules.minAgeMs <= at;
      if (isOldEnough) unlisted.push(machineId);
    }
  }
  const diff = {
    at,
    hostCount: ids.length,
    listedMachines,
    unlisted: unlisted.slice(0, MAX_UNLISTED_PER_DIFF),
    relisted,
  };
  if (unlisted.length + relisted.length > 0) return diff;
  return unlistedMachines.size > 0 && changesCounts(state, diff) ? diff : undefined;
}

/** Whether one more list changes anything for the unlisted machines. */
function changesCounts(state: MonitorState, diff: HostListDiff): boolean {
  const { lastHostList, unlistedMachines } = state;
  if (!lastHostList) return true;
  if (Math.abs(diff.at - lastHostList.at) < MIN_LIST_INTERVAL_MS) return false;
  const untrustedReason = untrustedReasonOf(diff, unlistedMachines);
  if (untrustedReason !== lastHostList.untrustedReason) return true;
  if (untrustedReason !== '') return lastHostList.streak < LISTS_UNTIL_ALARM;
  return [...unlistedMachines.values()].some(
    ({ ownershipStatus }) => ownershipStatus !== 'acknowledged' && ownershipStatus !== 'released',
  );
}

/**
 * Why the monitor draws no conclusion from the machines that a list lacks. With an empty list, Host Factory may have
 * lost its own data. With a list of fewer than half of the acknowledged machines, it may have other names for them.
 */
function untrustedReasonOf(
  { hostCount, listedMachines }: Pick<HostListDiff, 'hostCount' | 'listedMachines'>,
  unlistedMachines: MonitorState['unlistedMachines'],
): HostListSummary['untrustedReason'] {
  if (hostCount === 0) return 'empty';
  const acknowledged = [...unlistedMachines.values()].filter(
    ({ ownershipStatus }) => ownershipStatus === 'acknowledged',
  ).length;
  return listedMachines < acknowledged ? 'unrecognized' : '';
}

/** Counts one host list. Only consecutive trusted lists count, never time. */
export function applyHostList(state: MonitorState, diff: HostListDiff, now: number): MonitorState {
  const { liveMachines, lastHostList: previous, rules } = state;
  const { at, hostCount, listedMachines } = diff;
  const unlistedMachines = new Map(state.unlistedMachines);
  for (const machineId of diff.relisted) unlistedMachines.delete(machineId);
  for (const machineId of diff.unlisted) {
    if (!liveMachines.has(machineId) || unlistedMachines.has(machineId)) continue;
    unlistedMachines.set(machineId, {
      machineId,
      missedLists: 0,
      ownershipStatus: 'unqueried',
      queryAfter: now,
      releaseRequestedAt: 0,
    });
  }
  // The list is older than one that was counted, or it is a repeated call.
  if (previous && at - previous.at < MIN_LIST_INTERVAL_MS && previous.at - at < MAX_LIST_GAP_MS)
    return { ...state, unlistedMachines };
  const untrustedReason = untrustedReasonOf(diff, unlistedMachines);
  const maxShrink = rules?.breakerShare ?? 0;
  const restartsCount =
    !previous ||
    Math.abs(at - previous.at) > MAX_LIST_GAP_MS ||
    hostCount < previous.hostCount * (1 - maxShrink);
  for (const unlisted of unlistedMachines.values()) {
    const missedLists = untrustedReason !== '' ? 0 : restartsCount ? 1 : unlisted.missedLists + 1;
    unlistedMachines.set(unlisted.machineId, { ...unlisted, missedLists });
  }
  const streak = previous?.untrustedReason === untrustedReason ? previous.streak + 1 : 1;
  return {
    ...state,
    unlistedMachines,
    lastHostList: { at, hostCount, listedMachines, untrustedReason, streak },
  };
}

export function applyUnlistedStatuses(
  state: MonitorState,
  statuses: QueryOwnersResult['statuses'],
  now: number,
): MonitorState {
  const unlistedMachines = new Map(state.unlistedMachines);
  for (const [machineId, ownershipStatus] of statuses) {
    const unlisted = unlistedMachines.get(machineId);
    if (!unlisted || unlisted.ownershipStatus === 'released' || unlisted.ownershipStatus === 'acknowledged')
      continue;
    if (ownershipStatus === 'silent' || ownershipStatus === 'unknown' || ownershipStatus === 'booting') {
      unlistedMachines.set(machineId, {
        ...unlisted,
        ownershipStatus: 'unqueried',
        queryAfter: now + UNLISTED_QUERY_RETRY_MS,
      });
    } else unlistedMachines.set(machineId, { ...unlisted, ownershipStatus });
  }
  return { ...state, unlistedMachines };
}

const UNLISTED_QUERY_RETRY_MS = 5 * 60_000;

export function markReleaseRequested(state: MonitorState, machineIds: readonly string[]): MonitorState {
  const unlistedMachines = new Map(state.unlistedMachines);
  for (const id of machineIds) {
    const unlisted = unlistedMachines.get(id);
    if (unlisted) unlistedMachines.set(id, { ...unlisted, releaseRequestedAt: state.lastHostList?.at ?? 0 });
  }
  return { ...state, unlistedMachines };
}

/** Drops unlisted machines that are shutting down or no longer alive. */
export function dropEndedUnlisted(state: MonitorState): MonitorState {
  if (state.unlistedMachines.size === 0) return state;
  const stillAlive = [...state.unlistedMachines].filter(
    ([machineId]) => state.liveMachines.get(machineId)?.isShuttingDown === false,
  );
  return { ...state, unlistedMachines: new Map(stillAlive) };
}
