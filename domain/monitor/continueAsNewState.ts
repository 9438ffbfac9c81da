import type { MonitorState } from './state.ts';
import type { LiveMachine } from './records.ts';
import type { CarriedMonitorState, MonitorInput } from './messages.ts';

/** Limits of the carried rows: together they stay below 1 MB, half of Temporal's payload limit. */
const MAX_NAMED_MACHINES = 8_000;
const MAX_LIVE_MACHINES = 20_000;
const MAX_OTHER_ROWS = 1_500;

export function toCarriedMonitorState(state: MonitorState): CarriedMonitorState {
  const rows = [...state.liveMachines].slice(0, MAX_LIVE_MACHINES);
  const requests = [...new Set(rows.map(([, { requestId }]) => requestId))];
  const indexes = new Map(requests.map((requestId, index) => [requestId, index]));
  return {
    v: 1,
    since: state.since,
    isReady: state.isReady,
    ownsFleet: state.ownsFleet,
    liveMachines: rows.map(([machineId, { name, requestId, launchTime, isShuttingDown }]) => [
      machineId,
      rows.length > MAX_NAMED_MACHINES ? '' : name,
      indexes.get(requestId) ?? 0,
      launchTime,
      isShuttingDown ? 1 : 0,
    ]),
    requests,
    lostMachines: [...state.lostMachines.values()].slice(-MAX_OTHER_ROWS),
    suspects: [...state.suspects.values()].slice(-MAX_OTHER_ROWS),
    interruptionListenerError: state.interruptionListenerError,
    hostNameMismatches: [...state.hostNameMismatches],
    unlistedMachines: [...state.unlistedMachines.values()].slice(0, MAX_OTHER_ROWS),
    ...(state.lastHostList ? { lastHostList: state.lastHostList } : {}),
    cluster: state.cluster,
    ...(state.foreignCluster ? { foreignCluster: state.foreignCluster } : {}),
  };
}

function fromCarriedMonitorState(
  carried: CarriedMonitorState | undefined,
): Pick<
  MonitorState,
  | 'isReady'
  | 'ownsFleet'
  | 'liveMachines'
  | 'lostMachines'
  | 'suspects'
  | 'interruptionListenerError'
  | 'hostNameMismatches'
  | 'unlistedMachines'
  | 'lastHostList'
  | 'cluster'
  | 'foreignCluster'
> {
  const liveMachines = (carried?.liveMachines ?? []).map(
    ([machineId, name, request, launchTime = 0, isShuttingDown = 0]): readonly [string, LiveMachine] => [
      machineId,
      { name, requestId: carried?.requests[request] ?? '', launchTime, isShuttingDown: isShuttingDown === 1 },
    ],
  );
  return {
    isReady: carried?.isReady ?? false,
    ownsFleet: carried?.ownsFleet ?? false,
    liveMachines: new Map(liveMachines),
    lostMachines: new Map(carried?.lostMachines.map((lostMachine) => [lostMachine.machineId, lostMachine])),
    suspects: new Map(carried?.suspects.map((suspect) => [suspect.machineId, suspect])),
    interruptionListenerError: carried?.interruptionListenerError ?? '',
    hostNameMismatches: new Map(carried?.hostNameMismatches),
    unlistedMachines: new Map(carried?.unlistedMachines?.map((unlisted) => [unlisted.machineId, unlisted])),
    lastHostList: carried?.lastHostList,
    cluster: carried?.cluster ?? '',
    foreignCluster: carried?.foreignCluster,
  };
}

/** @param startedAt epoch ms at which this run started */
export const initialMonitorState = (input: MonitorInput, startedAt: number): MonitorState => ({
  input,
  since: input.carriedState?.since ?? startedAt,
  snapshotId: '',
  pendingSnapshot: undefined,
  ownerlessRequests: [],
  ownerlessWithGroups: [],
  adoptedRequests: [],
  forcedAdoptions: [],
  rules: undefined,
  ...fromCarriedMonitorState(input.carriedState),
});
