import { isAlive, type Machine, type Sighting } from '../machine/machine.ts';
import type { Group, Launch, Shortage, LaunchedMachine } from './launch.ts';
import { arrived, CANCELLED, givenUp, sighted, tooLate, unitsFor } from './machineTransitions.ts';
import { reclaimed, withoutClaimed, withUnclaimed } from './acknowledgement.ts';
import { booting, isUnsettled, unitsMissing, type RequestState } from './state.ts';
import type { ReturnMachines, TerminateResult } from './returns.ts';
import type { Frozen } from '../template/resolvedTemplate.ts';

/** What can happen to a request. The workflow reports it; the rules below say what follows. */
export type RequestFact =
  | { readonly type: 'LaunchDecided'; readonly launch: Launch }
  | { readonly type: 'Prepared'; readonly frozen: Frozen | undefined }
  | {
      readonly type: 'LaunchSettled';
      readonly ordinal: number;
      readonly machines: readonly LaunchedMachine[];
      readonly shortages: readonly Shortage[];
      /** An error that makes further launches pointless. */
      readonly fatal?: Shortage;
      /** The group that it made, frozen by now. */
      readonly group?: Group;
    }
  | {
      readonly type: 'GroupFilling';
      readonly ordinal: number;
      readonly group: Group;
      /** All members so far. */
      readonly machines: readonly LaunchedMachine[];
    }
  | {
      /** Of this request, by whichever launch. */
      readonly type: 'MachinesFound';
      readonly sightings: readonly Sighting[];
    }
  | { readonly type: 'GroupsRemoved' }
  | { readonly type: 'LaunchOverdue'; readonly ordinal: number }
  | { readonly type: 'MachinesSeen'; readonly sightings: readonly Sighting[] }
  | {
      readonly type: 'MachinesAdopted';
      readonly sightings: readonly Sighting[];
      /** Those that Host Factory never read. */
      readonly unclaimed: readonly string[];
    }
  | { readonly type: 'Claimed'; readonly machineIds: readonly string[] }
  | { readonly type: 'Reclaimed'; readonly machineIds: readonly string[] }
  | {
      readonly type: 'DeadlinePassed';
      readonly machineIds: readonly string[];
      /** Their own limit, where it came before the deadline of the request. */
      readonly seconds?: number;
    }
  | { readonly type: 'CancelRequested' }
  | { readonly type: 'ReturnRequested'; readonly request: ReturnMachines }
  | { readonly type: 'ReleaseStarted'; readonly machineIds: readonly string[] }
  | { readonly type: 'ReleaseRefused'; readonly refused: TerminateResult['refused'] }
  | { readonly type: 'ReleaseRetried'; readonly machineIds: readonly string[] }
  | { readonly type: 'ReturnAnswered'; readonly returnId: string }
  | { readonly type: 'Settled' };

export function reduce(state: RequestState, fact: RequestFact): RequestState {
  switch (fact.type) {
    case 'LaunchDecided':
      return { ...state, launches: [...state.launches, fact.launch] };
    case 'Prepared':
      return fact.frozen ? { ...state, frozen: fact.frozen } : state;
    case 'LaunchSettled':
      return launchSettled(state, fact);
    case 'GroupFilling':
      return withMachines(
        withLaunch(state, fact.ordinal, { group: fact.group }),
        fact.machines.map((launched) => arrived(state, launched)),
      );
    case 'MachinesFound': {
      const found = fact.sightings.map((seen) => {
        const machine = sighted(arrived(state, seen), seen);
        // Whatever became of it since, it was ready, and Host Factory has it.
        const isHeld = state.claimedEarly.has(seen.machineId) && isAlive(seen.state);
        return isHeld && !state.machines.has(seen.machineId) ? held(machine) : machine;
      });
      return withUnclaimed(state, withMachines(state, found), machineIdsOf(found));
    }
    case 'GroupsRemoved':
      return { ...state, groups: [] };
    case 'LaunchOverdue':
      return withLaunch(state, fact.ordinal, { stage: 'overdue' });
    case 'MachinesSeen': {
      const seen = fact.sightings.map((one) => sighted(state.machines.get(one.machineId), one));
      return withUnclaimed(state, withMachines(state, seen), machineIdsOf(seen));
    }
    case 'MachinesAdopted': {
      // Host Factory may hold it, whatever became of the request that launched it.
      const adopted = fact.sightings.map((seen) => held(sighted(undefined, seen)));
      const unread = new Set(fact.unclaimed);
      const unclaimed = machineIdsOf(adopted).filter((id) => unread.has(id));
      return withUnclaimed(state, withMachines(state, adopted), unclaimed);
    }
    case 'Claimed':
      return withoutClaimed(state, fact.machineIds);
    case 'Reclaimed': {
      const unread = machinesOf(state, fact.machineIds).filter(
        ({ machineId, release }) => release === 'kept' && state.unclaimed.has(machineId),
      );
      const next = withMachines(withoutClaimed(state, machineIdsOf(unread)), unread.map(reclaimed));
      return next !== state && state.phase === 'settled' ? settled(next) : next;
    }
    case 'DeadlinePassed':
      return withMachines(
        state,
        machinesOf(state, fact.machineIds)
          .filter(isUndecided)
          .map((machine) => tooLate(machine, fact.seconds)),
      );
    case 'CancelRequested':
      return withMachines(
        { ...state, cancelled: true, target: 0 },
        [...state.machines.values()].map(givenUp),
      );
    case 'ReturnRequested':
      return returnRequested(state, fact.request);
    case 'ReleaseStarted':
      return withRelease(state, fact.machineIds, 'asked');
    case 'ReleaseRetried':
      return withRelease(state, fact.machineIds, 'wanted');
    case 'ReleaseRefused': {
      const why = new Map(fact.refused.map(({ machineId, message }) => [machineId, message]));
      const owned = machinesOf(state, [...why.keys()]).filter(({ release }) => release !== 'gone');
      return withMachines(
        state,
        owned.map((machine) => ({
          ...machine,
          release: 'refused',
          reason: why.get(machine.machineId) ?? '',
        })),
      );
    }
    case 'ReturnAnswered': {
      const returns = new Map(state.returns);
      const returnCalls = new Map(state.returnCalls);
      returns.delete(fact.returnId);
      returnCalls.delete(fact.returnId);
      return { ...state, returns, returnCalls };
    }
    case 'Settled':
      return settled(state);
  }
}

/** Nothing more can be added and nothing is on its way: the request can be answered for good. */
export function canSettle(state: RequestState, pastDeadline: boolean): boolean {
  if (state.phase === 'settled' || isUnsettled(state) || booting(state).length > 0) return false;
  return unitsMissing(state) === 0 || pastDeadline || state.fatal !== undefined;
}

function launchSettled(
  state: RequestState,
  fact: Extract<RequestFact, { type: 'LaunchSettled' }>,
): RequestState {
  const machines = fact.machines.map((launched) => arrived(state, launched));
  const got = machines.reduce((units, machine) => units + machine.units, 0);
  const { group } = fact;
  const known = state.groups.some(({ id }) => id === group?.id);
  const remains = group?.outlives && !known ? [group] : [];
  return withMachines(
    {
      ...withLaunch(state, fact.ordinal, { stage: 'settled', got, ...(group ? { group } : {}) }),
      groups: [...state.groups, ...remains],
      shortages: mergeShortages(state.shortages, fact.shortages),
      fatal: fact.fatal ?? state.fatal,
    },
    machines,
  );
}

function returnRequested(state: RequestState, request: ReturnMachines): RequestState {
  const returned = request.machines.map((seen): Machine => {
    const machine = sighted(state.machines.get(seen.machineId), seen);
    const units = state.machines.has(seen.machineId) ? machine.units : unitsFor(state, seen.instanceType);
    const result =
      machine.result === 'executing'
        ? { result: 'fail' as const, message: 'Host Factory gave the machine back before it was ready.' }
        : {};
    const release =
      machine.release === 'kept' || machine.release === 'refused' ? ('wanted' as const) : machine.release;
    return { ...machine, ...result, units, release };
  });
  // A large return comes in several signals.
  const machineIds = new Set(state.returns.get(request.returnId));
  for (const { machineId } of request.machines) machineIds.add(machineId);
  const returns = new Map(state.returns).set(request.returnId, [...machineIds]);
  const { callId } = request;
  const returnCalls =
    callId === undefined ? state.returnCalls : new Map(state.returnCalls).set(request.returnId, callId);
  return withMachines(withoutClaimed({ ...state, returns, returnCalls }, [...machineIds]), returned);
}

function settled(state: RequestState): RequestState {
  const good = [...state.machines.values()].filter((machine) => machine.result === 'succeed');
  const bad = [...state.machines.values()].filter((machine) => machine.result === 'fail');
  const units = good.reduce((sum, machine) => sum + machine.units, 0);
  const wanted = state.input.count;
  return {
    ...state,
    phase: 'settled',
    claimedEarly: new Set(),
    status: good.length > 0 || wanted === 0 ? 'complete' : 'complete_with_error',
    message: settledMessage(state, units, wanted, bad),
  };
}

function settledMessage(state: RequestState, units: number, wanted: number, bad: readonly Machine[]): string {
  if (state.cancelled) return CANCELLED;
  if (units >= wanted && bad.length === 0) return '';
  const why = [
    ...(state.fatal ? [`${state.fatal.code}: ${state.fatal.message}`] : []),
    ...state.shortages.map((shortage) => `${shortage.pool}: ${shortage.code}`),
    ...new Set(bad.map((machine) => machine.message)),
  ];
  return `${units} of ${wanted} machines were obtained. ${why.slice(0, 10).join('; ')}`.trim();
}

/** One entry a pool and code, the newest message: a shortage may be met on every attempt. */
function mergeShortages(old: readonly Shortage[], fresh: readonly Shortage[]): readonly Shortage[] {
  if (fresh.length === 0) return old;
  const byPool = new Map(old.map((shortage) => [`${shortage.pool} ${shortage.code}`, shortage]));
  for (const shortage of fresh) byPool.set(`${shortage.pool} ${shortage.code}`, shortage);
  return [...byPool.values()].slice(-50);
}

function withLaunch(state: RequestState, ordinal: number, change: Partial<Launch>): RequestState {
  const launches = state.launches.map((launch) =>
    launch.ordinal === ordinal ? { ...launch, ...change } : launch,
  );
  return { ...state, launches };
}

function withRelease(
  state: RequestState,
  machineIds: readonly string[],
  release: 'asked' | 'wanted',
): RequestState {
  const owned = machinesOf(state, machineIds).filter((machine) => machine.release !== 'gone');
  return withMachines(
    state,
    owned.map((machine) => ({ ...machine, release })),
  );
}

const held = (machine: Machine): Machine => ({ ...machine, result: 'succeed', message: '', release: 'kept' });

const isUndecided = (machine: Machine): boolean => machine.result === 'executing';

const machineIdsOf = (machines: readonly Machine[]): string[] => machines.map(({ machineId }) => machineId);

function machinesOf(state: RequestState, machineIds: readonly string[]): Machine[] {
  return machineIds.flatMap((id) => state.machines.get(id) ?? []);
}

function withMachines(state: RequestState, changed: readonly Machine[]): RequestState {
  if (changed.length === 0) return state;
  const machines = new Map(state.machines);
  for (const machine of changed) machines.set(machine.machineId, machine);
  return { ...state, machines };
}
