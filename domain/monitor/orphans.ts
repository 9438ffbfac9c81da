import type { MonitorState } from './state.ts';

/** Machines of each request. */
export type MachinesByRequest = readonly (readonly [requestId: string, machineIds: readonly string[]])[];

/** The breaker never limits fewer machines than this, however small the fleet is. */
const BREAKER_MIN_MACHINES = 10;
/** The monitor repeats its signal to release a machine after this time. */
const RELEASE_RETRY_MS = 10 * 60_000;

/** Ownerless requests and their live machines; also requests that have only a group. */
export function orphansOf(state: MonitorState): MachinesByRequest {
  const orphans = new Map<string, string[]>(state.ownerlessRequests.map((id) => [id, []]));
  if (orphans.size > 0)
    for (const [machineId, { requestId }] of state.liveMachines) orphans.get(requestId)?.push(machineId);
  return [...orphans].filter(
    ([id, machineIds]) => machineIds.length > 0 || state.ownerlessWithGroups.includes(id),
  );
}

/** Machines to adopt, by request. An adoption that an operator forces ignores all other conditions. */
export function orphansToAdopt(state: MonitorState): MachinesByRequest {
  if (!state.isReady || state.ownerlessRequests.length === 0) return [];
  const isAllowed = state.ownsFleet && !state.foreignCluster && !hasTooManyOrphans(state);
  return unadopted(state).filter(([requestId]) => isAllowed || state.forcedAdoptions.includes(requestId));
}

export const hasTooManyOrphans = (state: MonitorState): boolean =>
  tripsBreaker(
    state,
    unadopted(state).reduce((sum, [, machineIds]) => sum + machineIds.length, 0),
  );

const unadopted = (state: MonitorState): MachinesByRequest =>
  orphansOf(state).filter(([requestId]) => !state.adoptedRequests.includes(requestId));

/** So many orphans or unacknowledged machines at once have another cause, e.g. a wrong configuration. */
function tripsBreaker({ rules, liveMachines }: MonitorState, machines: number): boolean {
  return (
    rules !== undefined && machines > Math.max(BREAKER_MIN_MACHINES, rules.breakerShare * liveMachines.size)
  );
}

/** Unacknowledged machines that enough host lists lack, by request. */
export function unacknowledgedToRelease(state: MonitorState): MachinesByRequest {
  if (state.foreignCluster || state.lastHostList?.untrustedReason !== '') return [];
  const owners = new Map<string, string[]>();
  for (const machineId of missedTooOften(state)) {
    const { releaseRequestedAt = 0 } = state.unlistedMachines.get(machineId) ?? {};
    const requestId = state.liveMachines.get(machineId)?.requestId;
    if (requestId === undefined || state.lastHostList.at - releaseRequestedAt < RELEASE_RETRY_MS) continue;
    owners.set(requestId, [...(owners.get(requestId) ?? []), machineId]);
  }
  return hasTooManyUnacknowledged(state) ? [] : [...owners];
}

export const hasTooManyUnacknowledged = (state: MonitorState): boolean =>
  tripsBreaker(state, missedTooOften(state).length);

function missedTooOften({ unlistedMachines, rules }: MonitorState): string[] {
  const maxMissedLists = rules?.maxMissedLists ?? Number.POSITIVE_INFINITY;
  return [...unlistedMachines.values()]
    .filter(
      (unlisted) => unlisted.ownershipStatus === 'unacknowledged' && unlisted.missedLists >= maxMissedLists,
    )
    .map(({ machineId }) => machineId);
}
