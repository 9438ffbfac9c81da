import { isAlive } from '../machine/machine.ts';
import { ABSENCE_CONFIRMATION_MS, OWNER_SILENCE_MS } from '../return/state.ts';
import type { HostListUpdate } from './messages.ts';
import {
  applyUnlistedStatuses,
  applyHostList,
  markReleaseRequested,
  dropEndedUnlisted,
} from './hostListDiff.ts';
import { bindCluster, forgetForeignCluster } from './clusterBinding.ts';
import { unpackObservations, type FleetObservation } from './observation.ts';
import type { QueryOwnersResult, SweepResult } from './activityResults.ts';
import { reportedNameOf, type MonitorState } from './state.ts';
import type { SuspectMachine, LiveMachine, LostMachine } from './records.ts';

/** What can happen to the monitor. The workflow passes facts to `reduceMonitor`. */
export type MonitorFact =
  | { readonly type: 'SweepCompleted'; readonly result: SweepResult }
  | { readonly type: 'MachinesInterrupted'; readonly observations: readonly FleetObservation[] }
  | { readonly type: 'MachinesDescribed'; readonly observations: readonly FleetObservation[] }
  | { readonly type: 'LostMachinesQueried'; readonly statuses: QueryOwnersResult['statuses'] }
  | { readonly type: 'OwnersNotified'; readonly machineIds: readonly string[] }
  | { readonly type: 'OrphansAdopted'; readonly requestIds: readonly string[] }
  | { readonly type: 'UnlistedMachinesQueried'; readonly statuses: QueryOwnersResult['statuses'] }
  | { readonly type: 'ReleaseRequested'; readonly machineIds: readonly string[] }
  | { readonly type: 'AdoptionForced'; readonly requestIds: readonly string[] }
  | { readonly type: 'HostListUpdated'; readonly update: HostListUpdate };

const MINUTE = 60_000;
const SUSPECT_READ_INTERVAL_MS = 5 * MINUTE;
const LOST_QUERY_RETRY_MS = MINUTE;
/** Host Factory closes a return long before this. Until then the end of a returned machine is not a loss. */
const RELEASED_RETENTION_MS = 2 * 60 * MINUTE;

/** @param now epoch ms by the workflow's clock */
export function reduceMonitor(state: MonitorState, fact: MonitorFact, now: number): MonitorState {
  switch (fact.type) {
    case 'SweepCompleted':
      return applySweep(forgetForeignCluster(dropOldReleases(state, now), now), fact.result, now);
    case 'MachinesInterrupted':
      return applyInterruptions(state, fact.observations, now);
    case 'MachinesDescribed':
      return applyDescriptions(state, fact.observations, now);
    case 'LostMachinesQueried':
      return applyOwnerStatuses(state, fact.statuses, now);
    case 'OwnersNotified':
      return withLostMachines(
        state,
        fact.machineIds
          .flatMap((id) => state.lostMachines.get(id) ?? [])
          .map((lostMachine) => ({ ...lostMachine, isOwnerNotified: true })),
      );
    case 'OrphansAdopted':
      return { ...state, adoptedRequests: [...state.adoptedRequests, ...fact.requestIds] };
    case 'HostListUpdated':
      return applyHostListUpdate(state, fact.update, now);
    case 'UnlistedMachinesQueried':
      return applyUnlistedStatuses(state, fact.statuses, now);
    case 'ReleaseRequested':
      return markReleaseRequested(state, fact.machineIds);
    case 'AdoptionForced':
      return { ...state, forcedAdoptions: [...new Set([...state.forcedAdoptions, ...fact.requestIds])] };
  }
}

function applySweep(state: MonitorState, result: SweepResult, now: number): MonitorState {
  const { snapshotId, isFullSnapshot, hasMore, interruptionListenerError = '' } = result;
  const observations = unpackObservations(result.observations);
  // A full snapshot may start in the middle of another one, when another worker continues.
  const isFull = isFullSnapshot || state.pendingSnapshot !== undefined;
  const liveMachines = new Map(isFullSnapshot ? [] : (state.pendingSnapshot ?? state.liveMachines));
  const lostMachines = new Map(state.lostMachines);
  const suspects = new Map(state.suspects);
  for (const machine of observations) {
    const { machineId } = machine;
    const previous = state.liveMachines.get(machineId);
    const named = { ...machine, name: machine.name || previous?.name || '' };
    if (isAlive(machine.state)) {
      const { launchTime, requestId } = machine;
      const isShuttingDown = machine.state === 'shutting-down';
      liveMachines.set(machineId, { name: named.name, requestId, launchTime, isShuttingDown });
      suspects.delete(machineId);
    } else liveMachines.delete(machineId);
    if (machine.state === 'absent') suspects.set(machineId, suspectOf(named, now, now));
    else recordLoss(lostMachines, named, now);
  }
  if (hasMore)
    return {
      ...state,
      snapshotId,
      interruptionListenerError,
      pendingSnapshot: liveMachines,
      lostMachines,
      suspects,
    };
  if (isFull)
    for (const suspect of newSuspects(state, liveMachines, lostMachines, now))
      suspects.set(suspect.machineId, suspect);
  const rules = result.rules ?? state.rules;
  return dropEndedUnlisted(
    applyOwnership(
      {
        ...state,
        snapshotId,
        interruptionListenerError,
        isReady: true,
        liveMachines,
        pendingSnapshot: undefined,
        lostMachines,
        suspects,
        rules,
      },
      result,
    ),
  );
}

function applyOwnership(
  state: MonitorState,
  { ownerlessRequests, ownerlessWithGroups = [] }: SweepResult,
): MonitorState {
  if (!ownerlessRequests) return { ...state, ownsFleet: state.ownsFleet || state.liveMachines.size === 0 };
  const withoutOwner = new Set(ownerlessRequests);
  const hasOwned = [...state.liveMachines.values()].some(({ requestId }) => !withoutOwner.has(requestId));
  return {
    ...state,
    ownerlessRequests,
    ownerlessWithGroups,
    adoptedRequests: state.adoptedRequests.filter((id) => withoutOwner.has(id)),
    forcedAdoptions: state.forcedAdoptions.filter((id) => withoutOwner.has(id)),
    ownsFleet: state.ownsFleet || hasOwned || state.liveMachines.size === 0,
  };
}

/** Live machines that a full snapshot lacks. */
const newSuspects = (
  state: MonitorState,
  currentMachines: ReadonlyMap<string, LiveMachine>,
  lostMachines: ReadonlyMap<string, LostMachine>,
  nextReadAt: number,
): SuspectMachine[] =>
  [...state.liveMachines]
    .filter(([machineId]) => !currentMachines.has(machineId) && !lostMachines.has(machineId))
    .map(([machineId, { name, requestId }]) => ({ machineId, name, requestId, absentSince: 0, nextReadAt }));

const suspectOf = (
  { machineId, name, requestId }: FleetObservation,
  absentSince: number,
  now: number,
): SuspectMachine => ({
  machineId,
  name,
  requestId,
  absentSince,
  nextReadAt: now + SUSPECT_READ_INTERVAL_MS,
});

/** Records only losses: whether a machine is alive, the sweeps decide. */
function applyInterruptions(
  state: MonitorState,
  observations: readonly FleetObservation[],
  now: number,
): MonitorState {
  const lostMachines = new Map(state.lostMachines);
  for (const machine of observations) {
    recordLoss(
      lostMachines,
      { ...machine, name: machine.name || reportedNameOf(state, machine.machineId) },
      now,
    );
  }
  return { ...state, lostMachines };
}

/** A machine that is up and has no interruption notice is not lost, even if it was stopped before. */
function recordLoss(
  lostMachines: Map<string, LostMachine>,
  observation: FleetObservation,
  now: number,
): void {
  const { machineId, name, requestId, state, reason, interruptionAt } = observation;
  const previous = lostMachines.get(machineId);
  const isUp = state === 'running' || state === 'pending';
  if (isUp && interruptionAt === 0) {
    if (previous?.state === 'stopped' || previous?.state === 'stopping') lostMachines.delete(machineId);
    return;
  }
  // Notices may arrive out of order: an ended machine stays ended, and the earliest time counts.
  if (isUp && (previous?.state === 'terminated' || previous?.state === 'shutting-down')) return;
  const lostAt = Math.min(previous?.lostAt ?? Number.POSITIVE_INFINITY, isUp ? interruptionAt : now);
  lostMachines.set(
    machineId,
    previous
      ? { ...previous, state, lostAt, reason: reason || previous.reason }
      : {
          machineId,
          name,
          requestId,
          state,
          reason,
          lostAt,
          noticedAt: now,
          stage: requestId === '' ? 'reported' : 'unqueried',
          queryAfter: 0,
          isOwnerNotified: requestId === '',
        },
  );
}

function applyDescriptions(
  state: MonitorState,
  observations: readonly FleetObservation[],
  now: number,
): MonitorState {
  // One copy for all observations: a copy for each would make a long list quadratic.
  const suspects = new Map(state.suspects);
  const lostMachines = new Map(state.lostMachines);
  for (const observation of observations) {
    const { machineId } = observation;
    const suspect = suspects.get(machineId);
    if (!suspect) continue;
    const machine = {
      ...observation,
      name: observation.name || suspect.name,
      requestId: observation.requestId || suspect.requestId,
    };
    const absentSince = observation.state === 'absent' ? suspect.absentSince || now : 0;
    const hasVanished = absentSince > 0 && now - absentSince >= ABSENCE_CONFIRMATION_MS;
    if (hasVanished)
      recordLoss(lostMachines, { ...machine, state: 'terminated', reason: VANISHED_REASON }, now);
    else if (observation.state !== 'absent') recordLoss(lostMachines, machine, now);
    if (hasVanished || observation.state === 'terminated') suspects.delete(machineId);
    else suspects.set(machineId, suspectOf(machine, absentSince, now));
  }
  return { ...state, suspects, lostMachines };
}

const VANISHED_REASON = 'AWS no longer returns the machine.';

function applyOwnerStatuses(
  state: MonitorState,
  statuses: QueryOwnersResult['statuses'],
  now: number,
): MonitorState {
  return withLostMachines(
    state,
    statuses.flatMap(([machineId, status]): LostMachine[] => {
      const lostMachine = state.lostMachines.get(machineId);
      if (!lostMachine || lostMachine.stage !== 'unqueried') return [];
      const mayAnswerLater = status === 'silent' && now - lostMachine.noticedAt < OWNER_SILENCE_MS;
      if (mayAnswerLater) return [{ ...lostMachine, queryAfter: now + LOST_QUERY_RETRY_MS }];
      // Host Factory never learned of a machine that its owner does not know.
      const isLoss = status !== 'released' && status !== 'unknown';
      return [{ ...lostMachine, stage: isLoss ? 'reported' : 'released' }];
    }),
  );
}

function applyHostListUpdate(before: MonitorState, update: HostListUpdate, now: number): MonitorState {
  const { unknownHosts, dropped, listDiff, cluster, hostNameMismatches = [] } = update;
  const withCluster = cluster === undefined ? before : bindCluster(before, cluster, now);
  const state = listDiff ? applyHostList(withCluster, listDiff, now) : withCluster;
  const mismatches = new Map(state.hostNameMismatches);
  for (const [machineId, name] of hostNameMismatches) {
    if (name === '') mismatches.delete(machineId);
    else mismatches.set(machineId, name);
  }
  const lostMachines = new Map(state.lostMachines);
  const suspects = new Map(state.suspects);
  for (const machineId of dropped) {
    lostMachines.delete(machineId);
    if (suspects.get(machineId)?.requestId === '') suspects.delete(machineId);
  }
  for (const [machineId, name] of unknownHosts) {
    if (suspects.has(machineId) || lostMachines.has(machineId) || state.liveMachines.has(machineId)) continue;
    suspects.set(machineId, { machineId, name, requestId: '', absentSince: 0, nextReadAt: now });
  }
  return { ...state, lostMachines, suspects, hostNameMismatches: mismatches };
}

function withLostMachines(state: MonitorState, changed: readonly LostMachine[]): MonitorState {
  const lostMachines = new Map(state.lostMachines);
  for (const lostMachine of changed) lostMachines.set(lostMachine.machineId, lostMachine);
  return { ...state, lostMachines };
}

function dropOldReleases(state: MonitorState, now: number): MonitorState {
  const lostMachines = [...state.lostMachines].filter(
    ([, { stage, noticedAt }]) => stage !== 'released' || now - noticedAt < RELEASED_RETENTION_MS,
  );
  return { ...state, lostMachines: new Map(lostMachines) };
}
