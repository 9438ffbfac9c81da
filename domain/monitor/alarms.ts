import { LISTS_UNTIL_ALARM } from './hostListDiff.ts';
import type { Alarm, AlarmCode, MonitorReport } from './messages.ts';
import { hasTooManyOrphans, hasTooManyUnacknowledged, orphansOf } from './orphans.ts';
import { reportedNameOf, type MonitorState } from './state.ts';

/** Conditions that need an operator: the monitor does nothing about them by itself. */
export function alarmsOf(state: MonitorState): Alarm[] {
  const alarms: [AlarmCode, boolean, () => string][] = [
    [
      'unknownFleet',
      !state.ownsFleet && state.ownerlessRequests.length > 0,
      () => unknownFleetMessage(state),
    ],
    ['foreignCluster', state.foreignCluster !== undefined, () => foreignClusterMessage(state)],
    ['tooManyOrphans', state.ownsFleet && hasTooManyOrphans(state), () => tooManyOrphansMessage(state)],
    ['tooManyUnacknowledged', hasTooManyUnacknowledged(state), () => tooManyUnacknowledgedMessage(state)],
    ['emptyHostList', isUntrusted(state, 'empty'), () => emptyHostListMessage(state)],
    ['unrecognizedHostList', isUntrusted(state, 'unrecognized'), () => unrecognizedHostListMessage(state)],
    [
      'interruptionListenerDown',
      state.interruptionListenerError !== '',
      () => interruptionListenerDownMessage(state),
    ],
    ['hostNameMismatches', state.hostNameMismatches.size > 0, () => hostNameMismatchesMessage(state)],
  ];
  return alarms.flatMap(([code, isRaised, message]) => (isRaised ? [{ code, message: message() }] : []));
}

function unknownFleetMessage({ input: { deployment, provider } }: MonitorState): string {
  return (
    `Machines with the tags of provider '${provider}' of deployment '${deployment}' are alive, but this namespace has ` +
    'no owner of any of them: the configuration was copied, or the database was lost. The monitor does not touch them. ' +
    "If the database was lost, 'ohf adopt' creates owners for them."
  );
}

function foreignClusterMessage({ input: { deployment }, cluster, foreignCluster }: MonitorState): string {
  return (
    `Deployment '${deployment}' belongs to cluster '${cluster}', but cluster '${foreignCluster?.cluster}' uses it too: ` +
    'the configuration was copied. The monitor adopts and releases nothing until the other cluster has made no call ' +
    'for an hour. Set a different deployment for each cluster. If the cluster was renamed, terminate the monitor in ' +
    'Temporal: it starts again and accepts the new name.'
  );
}

const tooManyOrphansMessage = (state: MonitorState): string =>
  `${orphansOf(state).flatMap(([, machineIds]) => machineIds).length} of ${state.liveMachines.size} machines have no ` +
  "owner, more than the monitor adopts by itself. It does not touch them. 'ohf adopt' creates owners for them.";

const tooManyUnacknowledgedMessage = (state: MonitorState): string =>
  `Host Factory never acknowledged ${unlistedMachinesOf(state).filter(({ isAcknowledged }) => isAcknowledged === false).length} of ` +
  `${state.liveMachines.size} machines, more than the monitor releases by itself. It does not touch them. ` +
  "'ohf machines --unlisted' lists them, 'ohf return' returns them.";

const emptyHostListMessage = (state: MonitorState): string =>
  `Host Factory's host list is empty while these machines are alive: ${unlistedIdsOf(state)}. The monitor does not ` +
  "touch them. 'ohf machines --unlisted' lists them, 'ohf return' returns them.";

const unrecognizedHostListMessage = (state: MonitorState): string =>
  "Host Factory's host list contains fewer than half of the machines that it acknowledged; it lacks " +
  `${unlistedIdsOf(state)}. The monitor does not touch them: Host Factory may have other names for them.`;

const interruptionListenerDownMessage = (state: MonitorState): string =>
  `The worker receives no interruption notices (${state.interruptionListenerError}): only the sweeps detect ` +
  'interruptions, and later. See provider.aws.interruptionQueue.';

/** Symphony then assumes that the hosts never joined, and returns them to request others. */
function hostNameMismatchesMessage(state: MonitorState): string {
  const [[machineId, name] = ['', '']] = state.hostNameMismatches;
  return (
    `Host Factory has other host names than the plugin reported for ${state.hostNameMismatches.size} machines, e.g. ` +
    `'${name}' for ${machineId}, reported as '${reportedNameOf(state, machineId)}'. See provider.aws.hostName.`
  );
}

const isUntrusted = (
  { lastHostList, unlistedMachines }: MonitorState,
  reason: 'empty' | 'unrecognized',
): boolean =>
  lastHostList?.untrustedReason === reason &&
  lastHostList.streak >= LISTS_UNTIL_ALARM &&
  [...unlistedMachines.values()].some(
    ({ ownershipStatus }) => ownershipStatus === 'unacknowledged' || ownershipStatus === 'acknowledged',
  );

const MAX_IDS_IN_MESSAGE = 10;

function unlistedIdsOf(state: MonitorState): string {
  const ids = unlistedMachinesOf(state).map(({ machineId }) => machineId);
  const more = ids.length > MAX_IDS_IN_MESSAGE ? ` and ${ids.length - MAX_IDS_IN_MESSAGE} more` : '';
  return ids.slice(0, MAX_IDS_IN_MESSAGE).join(', ') + more;
}

/** Machines that the host list lacks, and that are not being released. */
function unlistedMachinesOf({
  unlistedMachines,
  liveMachines,
}: MonitorState): MonitorReport['unlistedMachines'] {
  return [...unlistedMachines.values()].flatMap(({ machineId, ownershipStatus, missedLists }) => {
    const machine = liveMachines.get(machineId);
    if (!machine || ownershipStatus === 'released') return [];
    const { name, requestId, launchTime } = machine;
    const acknowledged =
      ownershipStatus === 'unqueried' ? {} : { isAcknowledged: ownershipStatus === 'acknowledged' };
    return [{ machineId, name, requestId, launchTime, missedLists, ...acknowledged }];
  });
}

/** Keeps a report below Temporal's payload limit. */
const MAX_ROWS_IN_REPORT = 5_000;

export const reportOf = (state: MonitorState): MonitorReport => ({
  v: 1,
  isReady: state.isReady,
  alarms: alarmsOf(state),
  unlistedMachines: unlistedMachinesOf(state).slice(0, MAX_ROWS_IN_REPORT),
  ownerlessRequests: orphansOf(state)
    .filter(([requestId]) => !state.adoptedRequests.includes(requestId))
    .map(([requestId, machineIds]) => [requestId, machineIds.length] as const)
    .slice(0, MAX_ROWS_IN_REPORT),
});
