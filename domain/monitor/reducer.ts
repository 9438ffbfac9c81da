import { isAlive } from '../machine/machine.ts';
import { ABSENCE_MS } from '../return/state.ts';
import type { HostNews } from './messages.ts';
import { absentAsked, listed, reclaimOrdered, withoutEnded } from './hostListDiff.ts';
import { clusterNamed, withoutOldStranger } from './clusterBinding.ts';
import { unpackSeen, type SeenMachine, type AskResult, type SweepResult } from './observation.ts';
import { nameOf, type MonitorState } from './state.ts';
import type { Doubt, KnownMachine, Loss } from './records.ts';

/** What a monitor learns. */
export type MonitorFact =
  | { readonly type: 'Swept'; readonly result: SweepResult }
  | { readonly type: 'Announced'; readonly seen: readonly SeenMachine[] }
  | { readonly type: 'LookedUp'; readonly seen: readonly SeenMachine[] }
  | { readonly type: 'Asked'; readonly standings: AskResult['standings'] }
  | { readonly type: 'Told'; readonly machineIds: readonly string[] }
  | { readonly type: 'Adopted'; readonly requestIds: readonly string[] }
  | { readonly type: 'AskedOfAbsent'; readonly standings: AskResult['standings'] }
  | { readonly type: 'ReclaimOrdered'; readonly machineIds: readonly string[] }
  | { readonly type: 'AdoptionOrdered'; readonly requestIds: readonly string[] }
  | { readonly type: 'HostsNamed'; readonly news: HostNews };

const MINUTE = 60_000;
const LOOK_AGAIN_MS = 5 * MINUTE;
const ASK_AGAIN_MS = MINUTE;
/** An owner may be busy; one that is silent for so long does not keep a dead machine from being reported. */
const OWNER_SILENCE_MS = 10 * MINUTE;
/** Host Factory closes a return long before; until then its end is not taken for a loss once more. */
const RELEASED_MS = 2 * 60 * MINUTE;

/** @param now epoch ms by the workflow's clock */
export function reduceMonitor(state: MonitorState, fact: MonitorFact, now: number): MonitorState {
  switch (fact.type) {
    case 'Swept':
      return swept(withoutOldStranger(withoutOldReleases(state, now), now), fact.result, now);
    case 'Announced':
      return announced(state, fact.seen, now);
    case 'LookedUp':
      return fact.seen.reduce((next, seen) => lookedUp(next, seen, now), state);
    case 'Asked':
      return asked(state, fact.standings, now);
    case 'Told':
      return withLosses(
        state,
        fact.machineIds.flatMap((id) => state.losses.get(id) ?? []).map((loss) => ({ ...loss, told: true })),
      );
    case 'Adopted':
      return { ...state, adopted: [...state.adopted, ...fact.requestIds] };
    case 'HostsNamed':
      return hostsNamed(state, fact.news, now);
    case 'AskedOfAbsent':
      return absentAsked(state, fact.standings, now);
    case 'ReclaimOrdered':
      return reclaimOrdered(state, fact.machineIds);
    case 'AdoptionOrdered':
      return { ...state, byHand: [...new Set([...state.byHand, ...fact.requestIds])] };
  }
}

function swept(state: MonitorState, result: SweepResult, now: number): MonitorState {
  const { token, anew, more, unheard = '' } = result;
  const seen = unpackSeen(result.seen);
  // A list from the start may begin in the middle of another, when a worker takes over.
  const whole = anew || state.coming !== undefined;
  const known = new Map(anew ? [] : (state.coming ?? state.known));
  const losses = new Map(state.losses);
  const doubts = new Map(state.doubts);
  for (const machine of seen) {
    const { machineId } = machine;
    const before = state.known.get(machineId);
    const named = { ...machine, name: machine.name || before?.name || '' };
    if (isAlive(machine.state)) {
      const { launchTime, requestId } = machine;
      const leaving = machine.state === 'shutting-down';
      known.set(machineId, { name: named.name, requestId, launchTime, leaving });
      doubts.delete(machineId);
    } else known.delete(machineId);
    if (machine.state === 'absent') doubts.set(machineId, doubtOf(named, now, now));
    else noteLoss(losses, named, now);
  }
  if (more) return { ...state, token, unheard, coming: known, losses, doubts };
  if (whole) for (const doubt of unseen(state, known, losses, now)) doubts.set(doubt.machineId, doubt);
  const rules = result.rules ?? state.rules;
  return withoutEnded(
    withOwners(
      { ...state, token, unheard, ready: true, known, coming: undefined, losses, doubts, rules },
      result,
    ),
  );
}

function withOwners(state: MonitorState, { ownerless, withGroups = [] }: SweepResult): MonitorState {
  if (!ownerless) return { ...state, bound: state.bound || state.known.size === 0 };
  const lost = new Set(ownerless);
  const owned = [...state.known.values()].some(({ requestId }) => !lost.has(requestId));
  return {
    ...state,
    ownerless,
    withGroups,
    adopted: state.adopted.filter((id) => lost.has(id)),
    byHand: state.byHand.filter((id) => lost.has(id)),
    bound: state.bound || owned || state.known.size === 0,
  };
}

/** Machines that were known and that a list from the start lacks. */
const unseen = (
  state: MonitorState,
  now: ReadonlyMap<string, KnownMachine>,
  losses: ReadonlyMap<string, Loss>,
  lookAt: number,
): Doubt[] =>
  [...state.known]
    .filter(([machineId]) => !now.has(machineId) && !losses.has(machineId))
    .map(([machineId, { name, requestId }]) => ({ machineId, name, requestId, absentSince: 0, lookAt }));

const doubtOf = ({ machineId, name, requestId }: SeenMachine, absentSince: number, now: number): Doubt => ({
  machineId,
  name,
  requestId,
  absentSince,
  lookAt: now + LOOK_AGAIN_MS,
});

/** Only of what goes or went: whether a machine is there and alive, sweeps decide. */
function announced(state: MonitorState, seen: readonly SeenMachine[], now: number): MonitorState {
  const losses = new Map(state.losses);
  for (const machine of seen) {
    noteLoss(losses, { ...machine, name: machine.name || nameOf(state, machine.machineId) }, now);
  }
  return { ...state, losses };
}

/** A machine that is up, and of which AWS announced nothing, is no loss, also not one that was started again. */
function noteLoss(losses: Map<string, Loss>, seen: SeenMachine, now: number): void {
  const { machineId, name, requestId, state, reason, reclaimAt } = seen;
  const known = losses.get(machineId);
  const up = state === 'running' || state === 'pending';
  if (up && reclaimAt === 0) {
    if (known?.state === 'stopped' || known?.state === 'stopping') losses.delete(machineId);
    return;
  }
  // Announcements are slower than each other: what has ended does not come back, and the earliest time holds.
  if (up && (known?.state === 'terminated' || known?.state === 'shutting-down')) return;
  const at = Math.min(known?.at ?? Number.POSITIVE_INFINITY, up ? reclaimAt : now);
  losses.set(
    machineId,
    known
      ? { ...known, state, at, reason: reason || known.reason }
      : {
          machineId,
          name,
          requestId,
          state,
          reason,
          at,
          since: now,
          stage: requestId === '' ? 'reported' : 'unasked',
          askAt: 0,
          told: requestId === '',
        },
  );
}

function lookedUp(state: MonitorState, seen: SeenMachine, now: number): MonitorState {
  const { machineId } = seen;
  const doubt = state.doubts.get(machineId);
  if (!doubt) return state;
  const machine = { ...seen, name: seen.name || doubt.name, requestId: seen.requestId || doubt.requestId };
  const doubts = new Map(state.doubts);
  const losses = new Map(state.losses);
  const absentSince = seen.state === 'absent' ? doubt.absentSince || now : 0;
  const vanished = absentSince > 0 && now - absentSince >= ABSENCE_MS;
  if (vanished) noteLoss(losses, { ...machine, state: 'terminated', reason: VANISHED }, now);
  else if (seen.state !== 'absent') noteLoss(losses, machine, now);
  if (vanished || seen.state === 'terminated') doubts.delete(machineId);
  else doubts.set(machineId, doubtOf(machine, absentSince, now));
  return { ...state, doubts, losses };
}

const VANISHED = 'AWS no longer knows the machine.';

function asked(state: MonitorState, standings: AskResult['standings'], now: number): MonitorState {
  return withLosses(
    state,
    standings.flatMap(([machineId, standing]): Loss[] => {
      const loss = state.losses.get(machineId);
      if (!loss || loss.stage !== 'unasked') return [];
      const silent = standing === 'silent' && now - loss.since < OWNER_SILENCE_MS;
      if (silent) return [{ ...loss, askAt: now + ASK_AGAIN_MS }];
      // What its owner has never had was never told to Host Factory either.
      const ours = standing !== 'released' && standing !== 'unknown';
      return [{ ...loss, stage: ours ? 'reported' : 'released' }];
    }),
  );
}

function hostsNamed(before: MonitorState, news: HostNews, now: number): MonitorState {
  const { strangers, dropped, list, cluster, misnamed = [] } = news;
  const bound = cluster === undefined ? before : clusterNamed(before, cluster, now);
  const state = list ? listed(bound, list, now) : bound;
  const names = new Map(state.misnamed);
  for (const [machineId, name] of misnamed) {
    if (name === '') names.delete(machineId);
    else names.set(machineId, name);
  }
  const losses = new Map(state.losses);
  const doubts = new Map(state.doubts);
  for (const machineId of dropped) {
    losses.delete(machineId);
    if (doubts.get(machineId)?.requestId === '') doubts.delete(machineId);
  }
  for (const [machineId, name] of strangers) {
    if (doubts.has(machineId) || losses.has(machineId) || state.known.has(machineId)) continue;
    doubts.set(machineId, { machineId, name, requestId: '', absentSince: 0, lookAt: now });
  }
  return { ...state, losses, doubts, misnamed: names };
}

function withLosses(state: MonitorState, changed: readonly Loss[]): MonitorState {
  const losses = new Map(state.losses);
  for (const loss of changed) losses.set(loss.machineId, loss);
  return { ...state, losses };
}

function withoutOldReleases(state: MonitorState, now: number): MonitorState {
  const losses = [...state.losses].filter(
    ([, { stage, since }]) => stage !== 'released' || now - since < RELEASED_MS,
  );
  return { ...state, losses: new Map(losses) };
}
