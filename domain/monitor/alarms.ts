import { LISTS_UNTIL_ALARM } from './hostListDiff.ts';
import type { Alarm, AlarmCode, MonitorReport } from './messages.ts';
import { hasTooManyOrphans, hasTooManyUnacknowledged, orphansOf } from './orphans.ts';
import { reportedNameOf, type MonitorState } from './state.ts';

/** What an operator has to look into: the monitor does nothing about it by itself. */
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
    `Machines with the tags of provider '${provider}' of deployment '${deployment}' are alive, and this namespace ` +
    'knows the owner of none: a cloned configuration, or a lost database. They are left alone. Is the database lost, ' +
    "'ohf adopt' makes owners for them."
  );
}

function foreignClusterMessage({ input: { deployment }, cluster, foreignCluster }: MonitorState): string {
  return (
    `Deployment '${deployment}' belongs to the cluster '${cluster}', and '${foreignCluster?.cluster}' uses it too: a ` +
    'cloned configuration. Nothing is adopted or given back until it has been silent for an hour. Give each cluster ' +
    'a deployment of its own; was the cluster renamed, end the monitor in Temporal: it starts anew.'
  );
}

const tooManyOrphansMessage = (state: MonitorState): string =>
  `${orphansOf(state).flatMap(([, machineIds]) => machineIds).length} of ${state.liveMachines.size} machines have no owner ` +
  "any more, too many to be an accident. They are left alone. 'ohf adopt' makes owners for them.";

const tooManyUnacknowledgedMessage = (state: MonitorState): string =>
  `Host Factory never learned of ${unlistedMachinesOf(state).filter(({ isAcknowledged }) => isAcknowledged === false).length} of ` +
  `${state.liveMachines.size} machines, too many to be an accident. They are left alone. 'ohf machines --unclaimed' lists ` +
  "them, 'ohf return' gives them back.";

const emptyHostListMessage = (state: MonitorState): string =>
  `Host Factory's list of hosts is empty while these machines are alive: ${unlistedIdsOf(state)}. They are left alone. ` +
  "'ohf machines --unclaimed' lists them, 'ohf return' gives them back.";

const unrecognizedHostListMessage = (state: MonitorState): string =>
  "Host Factory's list names less than half of the machines that it was given; it lacks " +
  `${unlistedIdsOf(state)}. They are left alone: it may know them by other names.`;

const interruptionListenerDownMessage = (state: MonitorState): string =>
  `What the cloud announces is not heard (${state.interruptionListenerError}): machines that are taken away are found by the sweeps ` +
  'alone, with less time to go. See provider.aws.interruptionQueue.';

/** Symphony then takes the hosts for ones that never joined, and gives them back to get others. */
function hostNameMismatchesMessage(state: MonitorState): string {
  const [[machineId, name] = ['', '']] = state.hostNameMismatches;
  return (
    `Host Factory has other names than it was told for ${state.hostNameMismatches.size} machines, e.g. '${name}' for ${machineId}, ` +
    `which was reported as '${reportedNameOf(state, machineId)}': see provider.aws.hostName.`
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

/** Machines that Host Factory's list lacks, and that are not on their way out. */
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

/** A report stays under Temporal's limit for a payload. */
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
