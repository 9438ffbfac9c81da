import { firstLabel, isSameHost } from '../machine/hostName.ts';
import { diffHostList } from './hostListDiff.ts';
import { checkClusterBinding } from './clusterBinding.ts';
import type {
  HostListUpdate,
  LostHostsAnswer,
  LostHostsQuery,
  LostMachinesMemo,
  RequestMachines,
} from './messages.ts';
import { reportedNameOf, type MonitorState } from './state.ts';
import type { LostMachine } from './records.ts';

/** A lost machine is kept for this long after its end even if a host list lacks it: lists may arrive out of order. */
const LOST_RETENTION_MS = 10 * 60_000;
/** Hosts that the monitor checks at the same time although it never observed them; later lists bring the others. */
const MAX_UNKNOWN_HOSTS = 5_000;
const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** Finds which of Host Factory's hosts are lost, and what the host list contains that the monitor did not know. */
export function answerLostHosts(state: MonitorState, query: LostHostsQuery): LostHostsAnswer {
  const { at, isComplete, names, ids } = query;
  const binding = checkClusterBinding(state, query);
  const bound = binding.isForeign ? { boundCluster: state.cluster } : {};
  if (!state.isReady)
    return { v: 1, isReady: false, lost: [], ...bound, ...updateFrom({ ...binding.update }) };
  const hasHostWithoutId = ids.includes('');
  const lostByName = hasHostWithoutId ? lostMachinesByName(state) : () => undefined;
  const liveByName = hasHostWithoutId ? liveIdsByName(state) : () => [];
  const lost: [number, number][] = [];
  const unknownHosts: [string, string][] = [];
  const listedIds = new Set<string>();
  const hostNameMismatches: [string, string][] = [];
  for (const [index, id] of ids.entries()) {
    const name = names[index] ?? '';
    const lostMachine = id === '' ? lostByName(name) : state.lostMachines.get(id);
    const machineId = lostMachine?.machineId ?? id;
    if (id !== '' || lostMachine) listedIds.add(machineId);
    else for (const listedId of liveByName(name)) listedIds.add(listedId);
    if (lostMachine?.stage === 'reported') lost.push([index, lostMachine.lostAt]);
    else if (!lostMachine && isUnknownHost(state, machineId)) unknownHosts.push([machineId, name]);
    if (id !== '') hostNameMismatches.push(...hostNameMismatchOf(state, id, name, hostNameMismatches.length));
  }
  // What another cluster has says nothing of the machines of this one.
  if (binding.isForeign) return { v: 1, isReady: true, lost, ...bound, ...updateFrom({ ...binding.update }) };
  const dropped = isComplete && ids.length > 0 ? droppedMachines(state, listedIds, at) : [];
  if (isComplete)
    for (const id of state.hostNameMismatches.keys())
      if (!listedIds.has(id)) hostNameMismatches.push([id, '']);
  const listDiff = diffHostList(state, query, listedIds);
  const checkedHosts = [...state.suspects.values()].filter(({ requestId }) => requestId === '').length;
  unknownHosts.splice(Math.max(0, MAX_UNKNOWN_HOSTS - checkedHosts));
  return {
    v: 1,
    isReady: true,
    lost,
    ...updateFrom({ unknownHosts, dropped, hostNameMismatches, listDiff, ...binding.update }),
  };
}

/** Omits what is empty. */
function updateFrom({
  unknownHosts = [],
  dropped = [],
  hostNameMismatches = [],
  listDiff,
  cluster,
}: UpdateParts): Pick<LostHostsAnswer, 'update'> {
  const isEmpty =
    unknownHosts.length + dropped.length + hostNameMismatches.length === 0 && !listDiff && !cluster;
  if (isEmpty) return {};
  return {
    update: {
      v: 1,
      unknownHosts,
      dropped,
      ...(hostNameMismatches.length > 0 ? { hostNameMismatches } : {}),
      ...(listDiff ? { listDiff } : {}),
      ...(cluster ? { cluster } : {}),
    },
  };
}
type UpdateParts = { readonly [K in keyof Omit<HostListUpdate, 'v'>]?: HostListUpdate[K] | undefined };

/** A host name, short or full, may match several machines: each of them counts as listed. */
function liveIdsByName(state: MonitorState): (name: string) => readonly string[] {
  const byLabel = groupByLabel([...state.liveMachines], ([, { name }]) => name);
  return (name) => (name === '' ? [] : (byLabel.get(labelOf(name)) ?? []).map(([machineId]) => machineId));
}

const labelOf = (name: string): string => firstLabel(name.toLowerCase());

/** Thousands of machines may have no name yet, so a group is extended and not copied. */
function groupByLabel<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const byLabel = new Map<string, T[]>();
  for (const item of items) {
    const label = labelOf(nameOf(item));
    const group = byLabel.get(label);
    if (group) group.push(item);
    else byLabel.set(label, [item]);
  }
  return byLabel;
}

const isUnknownHost = (state: MonitorState, machineId: string): boolean =>
  !state.liveMachines.has(machineId) && !state.suspects.has(machineId) && INSTANCE_ID.test(machineId);

/** AWS reuses private names: a name that a live machine has does not identify a lost one. */
function lostMachinesByName(state: MonitorState): (name: string) => LostMachine | undefined {
  const byLabel = groupByLabel([...state.lostMachines.values()], ({ name }) => name);
  for (const [machineId, { name }] of state.liveMachines) {
    if (name === '') continue;
    const sameLabel = byLabel.get(labelOf(name));
    if (sameLabel)
      byLabel.set(
        labelOf(name),
        sameLabel.filter(
          (lostMachine) => lostMachine.machineId === machineId || !isSameHost(lostMachine.name, name),
        ),
      );
  }
  return (name) => byLabel.get(labelOf(name))?.findLast((lostMachine) => isSameHost(lostMachine.name, name));
}

/** Without a limit the list could grow as long as Host Factory's own. */
const MAX_HOST_NAME_MISMATCHES = 100;

/**
 * Compares Host Factory's name for a machine with the reported one. @returns the differing name; '' if a difference
 * that the monitor knows has ended; nothing if there is no change
 */
function hostNameMismatchOf(
  state: MonitorState,
  machineId: string,
  name: string,
  pending: number,
): [string, string][] {
  const reportedName = reportedNameOf(state, machineId);
  if (reportedName === '' || name === '') return [];
  const previous = state.hostNameMismatches.get(machineId);
  if (isSameHost(reportedName, name)) return previous === undefined ? [] : [[machineId, '']];
  if (previous === name || state.hostNameMismatches.size + pending >= MAX_HOST_NAME_MISMATCHES) return [];
  return [[machineId, name]];
}

function droppedMachines(state: MonitorState, listedIds: ReadonlySet<string>, now: number): string[] {
  const expired = [...state.lostMachines.values()].filter(
    ({ machineId, stage, isOwnerNotified, lostAt, noticedAt }) =>
      stage === 'reported' &&
      isOwnerNotified &&
      Math.max(lostAt, noticedAt) + LOST_RETENTION_MS < now &&
      !listedIds.has(machineId),
  );
  const unknownHosts = [...state.suspects.values()].filter(
    ({ machineId, requestId }) => requestId === '' && !listedIds.has(machineId),
  );
  return [...expired, ...unknownHosts].map(({ machineId }) => machineId);
}

/** What is alive of a request whose owner Temporal may have lost. */
export function requestMachines(
  { isReady, since, liveMachines }: MonitorState,
  requestId: string,
): RequestMachines {
  const machines = [...liveMachines.values()].filter((machine) => machine.requestId === requestId).length;
  return { v: 1, isReady, since, machines };
}

/** Every listing of workflows returns the memo, so it has to be small. */
const MAX_IN_MEMO = 200;

export function lostMachinesMemo(
  { lostMachines }: MonitorState,
  alarms: readonly string[],
): LostMachinesMemo {
  const reported = [...lostMachines.values()].filter(({ stage }) => stage === 'reported');
  return {
    v: 1,
    lost: reported.slice(-MAX_IN_MEMO).map(({ machineId, lostAt }) => [machineId, lostAt]),
    ...(alarms.length > 0 ? { alarms } : {}),
  };
}
