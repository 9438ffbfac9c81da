import type { MonitorState } from './state.ts';

/** Machines of each request. */
export type ByRequest = readonly (readonly [requestId: string, machineIds: readonly string[]])[];

/** So many are never too many at once, however small the fleet is. */
const FEW = 10;
/** An owner that was told to give a machine back is told again after this time. */
const RECLAIM_AGAIN_MS = 10 * 60_000;

/** Requests without an owner, and their machines that are alive; also those that have but a group. */
export function orphansOf(state: MonitorState): ByRequest {
  const orphans = new Map<string, string[]>(state.ownerless.map((id) => [id, []]));
  if (orphans.size > 0)
    for (const [machineId, { requestId }] of state.known) orphans.get(requestId)?.push(machineId);
  return [...orphans].filter(([id, machineIds]) => machineIds.length > 0 || state.withGroups.includes(id));
}

/** Machines to be adopted, by request. What an operator orders is done, whatever else speaks against it. */
export function toAdopt(state: MonitorState): ByRequest {
  if (!state.ready || state.ownerless.length === 0) return [];
  const byItself = state.bound && !state.stranger && !hasTooManyOrphans(state);
  return waiting(state).filter(([requestId]) => byItself || state.byHand.includes(requestId));
}

export const hasTooManyOrphans = (state: MonitorState): boolean =>
  isTooMany(
    state,
    waiting(state).reduce((sum, [, machineIds]) => sum + machineIds.length, 0),
  );

const waiting = (state: MonitorState): ByRequest =>
  orphansOf(state).filter(([requestId]) => !state.adopted.includes(requestId));

/** Never more than a part of all machines at once: so many cannot all be lost, and the reason must be another. */
function isTooMany({ rules, known }: MonitorState, machines: number): boolean {
  return rules !== undefined && machines > Math.max(FEW, rules.share * known.size);
}

/** Machines that Host Factory never read and does not name, by request. */
export function toReclaim(state: MonitorState): ByRequest {
  if (state.stranger || state.list?.doubt !== '') return [];
  const owners = new Map<string, string[]>();
  for (const machineId of overdue(state)) {
    const { reclaimedAt = 0 } = state.absences.get(machineId) ?? {};
    const requestId = state.known.get(machineId)?.requestId;
    if (requestId === undefined || state.list.at - reclaimedAt < RECLAIM_AGAIN_MS) continue;
    owners.set(requestId, [...(owners.get(requestId) ?? []), machineId]);
  }
  return hasTooManyUnclaimed(state) ? [] : [...owners];
}

export const hasTooManyUnclaimed = (state: MonitorState): boolean => isTooMany(state, overdue(state).length);

function overdue({ absences, rules }: MonitorState): string[] {
  const lists = rules?.lists ?? Number.POSITIVE_INFINITY;
  return [...absences.values()]
    .filter((absence) => absence.standing === 'unclaimed' && absence.lists >= lists)
    .map(({ machineId }) => machineId);
}
