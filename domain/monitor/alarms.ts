import { LISTS_UNTIL_ALARM } from './hostListDiff.ts';
import type { Alarm, AlarmCode, MonitorReport } from './messages.ts';
import { hasTooManyOrphans, hasTooManyUnclaimed, orphansOf } from './orphans.ts';
import { nameOf, type MonitorState } from './state.ts';

/** What an operator has to look into: the monitor does nothing about it by itself. */
export function alarmsOf(state: MonitorState): Alarm[] {
  const alarms: [AlarmCode, boolean, () => string][] = [
    ['strangeMachines', !state.bound && state.ownerless.length > 0, () => strangeMachines(state)],
    ['strangeCluster', state.stranger !== undefined, () => strangeCluster(state)],
    ['tooManyOrphans', state.bound && hasTooManyOrphans(state), () => tooManyOrphans(state)],
    ['tooManyUnclaimed', hasTooManyUnclaimed(state), () => tooManyUnclaimed(state)],
    ['emptyList', isDoubted(state, 'empty'), () => emptyList(state)],
    ['otherNames', isDoubted(state, 'names'), () => otherNames(state)],
    ['unheard', state.unheard !== '', () => unheard(state)],
    ['misnamed', state.misnamed.size > 0, () => misnamed(state)],
  ];
  return alarms.flatMap(([code, holds, message]) => (holds ? [{ code, message: message() }] : []));
}

function strangeMachines({ input: { deployment, provider } }: MonitorState): string {
  return (
    `Machines with the tags of provider '${provider}' of deployment '${deployment}' are alive, and this namespace ` +
    'knows the owner of none: a cloned configuration, or a lost database. They are left alone. Is the database lost, ' +
    "'ohf adopt' makes owners for them."
  );
}

function strangeCluster({ input: { deployment }, cluster, stranger }: MonitorState): string {
  return (
    `Deployment '${deployment}' belongs to the cluster '${cluster}', and '${stranger?.cluster}' uses it too: a ` +
    'cloned configuration. Nothing is adopted or given back until it has been silent for an hour. Give each cluster ' +
    'a deployment of its own; was the cluster renamed, end the monitor in Temporal: it starts anew.'
  );
}

const tooManyOrphans = (state: MonitorState): string =>
  `${orphansOf(state).flatMap(([, machineIds]) => machineIds).length} of ${state.known.size} machines have no owner ` +
  "any more, too many to be an accident. They are left alone. 'ohf adopt' makes owners for them.";

const tooManyUnclaimed = (state: MonitorState): string =>
  `Host Factory never learned of ${unclaimedOf(state).filter(({ claimed }) => claimed === false).length} of ` +
  `${state.known.size} machines, too many to be an accident. They are left alone. 'ohf machines --unclaimed' lists ` +
  "them, 'ohf return' gives them back.";

const emptyList = (state: MonitorState): string =>
  `Host Factory's list of hosts is empty while these machines are alive: ${namesOf(state)}. They are left alone. ` +
  "'ohf machines --unclaimed' lists them, 'ohf return' gives them back.";

const otherNames = (state: MonitorState): string =>
  "Host Factory's list names less than half of the machines that it was given; it lacks " +
  `${namesOf(state)}. They are left alone: it may know them by other names.`;

const unheard = (state: MonitorState): string =>
  `What the cloud announces is not heard (${state.unheard}): machines that are taken away are found by the sweeps ` +
  'alone, with less time to go. See provider.aws.interruptionQueue.';

/** Symphony then takes the hosts for ones that never joined, and gives them back to get others. */
function misnamed(state: MonitorState): string {
  const [[machineId, name] = ['', '']] = state.misnamed;
  return (
    `Host Factory has other names than it was told for ${state.misnamed.size} machines, e.g. '${name}' for ${machineId}, ` +
    `which was reported as '${nameOf(state, machineId)}': see provider.aws.hostName.`
  );
}

const isDoubted = ({ list, absences }: MonitorState, doubt: 'empty' | 'names'): boolean =>
  list?.doubt === doubt &&
  list.streak >= LISTS_UNTIL_ALARM &&
  [...absences.values()].some(({ standing }) => standing === 'unclaimed' || standing === 'held');

const MOST_IN_MESSAGE = 10;

function namesOf(state: MonitorState): string {
  const ids = unclaimedOf(state).map(({ machineId }) => machineId);
  const more = ids.length > MOST_IN_MESSAGE ? ` and ${ids.length - MOST_IN_MESSAGE} more` : '';
  return ids.slice(0, MOST_IN_MESSAGE).join(', ') + more;
}

/** Machines that Host Factory's list lacks, and that are not on their way out. */
function unclaimedOf({ absences, known }: MonitorState): MonitorReport['unclaimed'] {
  return [...absences.values()].flatMap(({ machineId, standing, lists }) => {
    const machine = known.get(machineId);
    if (!machine || standing === 'released') return [];
    const { name, requestId, launchTime } = machine;
    const claimed = standing === 'unasked' ? {} : { claimed: standing === 'held' };
    return [{ machineId, name, requestId, launchTime, lists, ...claimed }];
  });
}

/** A report stays under Temporal's limit for a payload. */
const MOST_IN_REPORT = 5_000;

export const reportOf = (state: MonitorState): MonitorReport => ({
  v: 1,
  ready: state.ready,
  alarms: alarmsOf(state),
  unclaimed: unclaimedOf(state).slice(0, MOST_IN_REPORT),
  ownerless: orphansOf(state)
    .filter(([requestId]) => !state.adopted.includes(requestId))
    .map(([requestId, machineIds]) => [requestId, machineIds.length] as const)
    .slice(0, MOST_IN_REPORT),
});
