import { isAlive, type Machine, type Observation } from '../machine/machine.ts';
import type { Group, Launch, Shortage, LaunchedMachine } from './launch.ts';
import {
  machineFromLaunch,
  REQUEST_CANCELLED,
  cancelMachine,
  applyObservation,
  failOnBootTimeout,
  unitsFor,
} from './machineTransitions.ts';
import { releaseUnacknowledged, acknowledge, trackUnacknowledged } from './acknowledgement.ts';
import { bootingMachines, hasOpenLaunch, missingUnits, type RequestState } from './state.ts';
import type { ReturnMachines, TerminateMachinesResult } from './returns.ts';
import type { ResolvedTemplate } from '../template/resolvedTemplate.ts';

/** What can happen to a request. The workflow passes facts to `reduce`, which derives the next state. */
export type RequestFact =
  | { readonly type: 'LaunchDecided'; readonly launch: Launch }
  | { readonly type: 'LaunchPrepared'; readonly resolvedTemplate: ResolvedTemplate | undefined }
  | {
      readonly type: 'LaunchSettled';
      readonly ordinal: number;
      readonly machines: readonly LaunchedMachine[];
      readonly shortages: readonly Shortage[];
      /** An error that makes further launches pointless. */
      readonly fatalError?: Shortage;
      /** The group that the launch created; it is frozen. */
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
      /** Machines of any launch of this request. */
      readonly type: 'MachinesDiscovered';
      readonly observations: readonly Observation[];
    }
  | { readonly type: 'GroupsDeleted' }
  | { readonly type: 'LaunchOverdue'; readonly ordinal: number }
  | { readonly type: 'MachinesObserved'; readonly observations: readonly Observation[] }
  | {
      readonly type: 'MachinesAdopted';
      readonly observations: readonly Observation[];
      /** Those that Host Factory has not acknowledged. */
      readonly unacknowledged: readonly string[];
    }
  | { readonly type: 'Acknowledged'; readonly machineIds: readonly string[] }
  | { readonly type: 'UnacknowledgedReleased'; readonly machineIds: readonly string[] }
  | {
      readonly type: 'DeadlinePassed';
      readonly machineIds: readonly string[];
      /** Boot timeout in s, if the machines exceeded it before the request's deadline. */
      readonly seconds?: number;
    }
  | { readonly type: 'CancelRequested' }
  | { readonly type: 'ReturnRequested'; readonly request: ReturnMachines }
  | { readonly type: 'TerminationStarted'; readonly machineIds: readonly string[] }
  | { readonly type: 'TerminationRefused'; readonly refused: TerminateMachinesResult['refused'] }
  | { readonly type: 'TerminationRetried'; readonly machineIds: readonly string[] }
  | { readonly type: 'ReturnAnswered'; readonly returnId: string }
  | { readonly type: 'Settled' };

export function reduce(state: RequestState, fact: RequestFact): RequestState {
  switch (fact.type) {
    case 'LaunchDecided':
      return { ...state, launches: [...state.launches, fact.launch] };
    case 'LaunchPrepared':
      return fact.resolvedTemplate ? { ...state, resolvedTemplate: fact.resolvedTemplate } : state;
    case 'LaunchSettled':
      return settleLaunch(state, fact);
    case 'GroupFilling':
      return withMachines(
        withLaunch(state, fact.ordinal, { group: fact.group }),
        fact.machines.map((launched) => machineFromLaunch(state, launched)),
      );
    case 'MachinesDiscovered': {
      const discovered = fact.observations.map((observation) => {
        const machine = applyObservation(machineFromLaunch(state, observation), observation);
        // Whatever became of it since, it was ready, and Host Factory has it.
        const isKnownToHf = state.acknowledgedEarly.has(observation.machineId) && isAlive(observation.state);
        return isKnownToHf && !state.machines.has(observation.machineId) ? asHeld(machine) : machine;
      });
      return trackUnacknowledged(state, withMachines(state, discovered), machineIdsOf(discovered));
    }
    case 'GroupsDeleted':
      return { ...state, groupsToDelete: [] };
    case 'LaunchOverdue':
      return withLaunch(state, fact.ordinal, { stage: 'overdue' });
    case 'MachinesObserved': {
      const observed = fact.observations.map((observation) =>
        applyObservation(state.machines.get(observation.machineId), observation),
      );
      return trackUnacknowledged(state, withMachines(state, observed), machineIdsOf(observed));
    }
    case 'MachinesAdopted': {
      // Host Factory may hold the machines, whatever the outcome of the request that launched them.
      const adopted = fact.observations.map((observation) =>
        asHeld(applyObservation(undefined, observation)),
      );
      const unacknowledged = new Set(fact.unacknowledged);
      const ids = machineIdsOf(adopted).filter((id) => unacknowledged.has(id));
      return trackUnacknowledged(state, withMachines(state, adopted), ids);
    }
    case 'Acknowledged':
      return acknowledge(state, fact.machineIds);
    case 'UnacknowledgedReleased': {
      const unacknowledged = machinesOf(state, fact.machineIds).filter(
        ({ machineId, release }) => release === 'held' && state.unacknowledged.has(machineId),
      );
      if (unacknowledged.length === 0) return state;
      const machineIds = machineIdsOf(unacknowledged);
      const next = withMachines(
        {
          ...acknowledge(state, machineIds),
          releasedUnacknowledged: new Set([...state.releasedUnacknowledged, ...machineIds]),
        },
        unacknowledged.map(releaseUnacknowledged),
      );
      return state.phase === 'settled' ? settleRequest(next) : next;
    }
    case 'DeadlinePassed':
      return withMachines(
        state,
        machinesOf(state, fact.machineIds)
          .filter(isExecuting)
          .map((machine) => failOnBootTimeout(machine, fact.seconds)),
      );
    case 'CancelRequested':
      return withMachines(
        { ...state, cancelled: true, targetUnits: 0 },
        [...state.machines.values()].map(cancelMachine),
      );
    case 'ReturnRequested':
      return acceptReturn(state, fact.request);
    case 'TerminationStarted':
      return withRelease(state, fact.machineIds, 'terminating');
    case 'TerminationRetried':
      return withRelease(state, fact.machineIds, 'pendingRelease');
    case 'TerminationRefused': {
      const messages = new Map(fact.refused.map(({ machineId, message }) => [machineId, message]));
      const owned = machinesOf(state, [...messages.keys()]).filter(({ release }) => release !== 'terminated');
      return withMachines(
        state,
        owned.map((machine) => ({
          ...machine,
          release: 'refused',
          reason: messages.get(machine.machineId) ?? '',
        })),
      );
    }
    case 'ReturnAnswered': {
      const openReturns = new Map(state.openReturns);
      const returnCallIds = new Map(state.returnCallIds);
      openReturns.delete(fact.returnId);
      returnCallIds.delete(fact.returnId);
      return { ...state, openReturns, returnCallIds };
    }
    case 'Settled':
      return settleRequest(state);
  }
}

/** Whether the final status is certain: no launch is open or still to come, and no machine is booting. */
export function canSettle(state: RequestState, isPastDeadline: boolean): boolean {
  if (state.phase === 'settled' || hasOpenLaunch(state) || bootingMachines(state).length > 0) return false;
  return missingUnits(state) === 0 || isPastDeadline || state.fatalError !== undefined;
}

function settleLaunch(
  state: RequestState,
  fact: Extract<RequestFact, { type: 'LaunchSettled' }>,
): RequestState {
  const machines = fact.machines.map((launched) => machineFromLaunch(state, launched));
  const fulfilledUnits = machines.reduce((units, machine) => units + machine.units, 0);
  const { group } = fact;
  const isKnown = state.groupsToDelete.some(({ id }) => id === group?.id);
  const added = group?.mustBeDeleted && !isKnown ? [group] : [];
  return withMachines(
    {
      ...withLaunch(state, fact.ordinal, { stage: 'settled', fulfilledUnits, ...(group ? { group } : {}) }),
      groupsToDelete: [...state.groupsToDelete, ...added],
      shortages: mergeShortages(state.shortages, fact.shortages),
      fatalError: fact.fatalError ?? state.fatalError,
    },
    machines,
  );
}

function acceptReturn(state: RequestState, request: ReturnMachines): RequestState {
  const returned = request.machines.map((observation): Machine => {
    const machine = applyObservation(state.machines.get(observation.machineId), observation);
    const units = state.machines.has(observation.machineId)
      ? machine.units
      : unitsFor(state, observation.instanceType);
    const result =
      machine.result === 'executing'
        ? { result: 'fail' as const, message: 'Host Factory returned the machine before it was ready.' }
        : {};
    const release =
      machine.release === 'held' || machine.release === 'refused'
        ? ('pendingRelease' as const)
        : machine.release;
    return { ...machine, ...result, units, release };
  });
  // A large return arrives in several signals.
  const machineIds = new Set(state.openReturns.get(request.returnId));
  for (const { machineId } of request.machines) machineIds.add(machineId);
  const openReturns = new Map(state.openReturns).set(request.returnId, [...machineIds]);
  const { callId } = request;
  const returnCallIds =
    callId === undefined ? state.returnCallIds : new Map(state.returnCallIds).set(request.returnId, callId);
  return withMachines(acknowledge({ ...state, openReturns, returnCallIds }, [...machineIds]), returned);
}

function settleRequest(state: RequestState): RequestState {
  const succeeded = [...state.machines.values()].filter((machine) => machine.result === 'succeed');
  const failed = [...state.machines.values()].filter((machine) => machine.result === 'fail');
  const units = succeeded.reduce((sum, machine) => sum + machine.units, 0);
  const requested = state.input.count;
  return {
    ...state,
    phase: 'settled',
    acknowledgedEarly: new Set(),
    status: succeeded.length > 0 || requested === 0 ? 'complete' : 'complete_with_error',
    message: settledMessage(state, units, requested, failed),
  };
}

function settledMessage(
  state: RequestState,
  units: number,
  requested: number,
  failed: readonly Machine[],
): string {
  if (state.cancelled) return REQUEST_CANCELLED;
  if (units >= requested && failed.length === 0) return '';
  const reasons = [
    ...(state.fatalError ? [`${state.fatalError.code}: ${state.fatalError.message}`] : []),
    ...state.shortages.map((shortage) => `${shortage.offering}: ${shortage.code}`),
    ...new Set(failed.map((machine) => machine.message)),
  ];
  return `${units} of ${requested} machines were launched. ${reasons.slice(0, 10).join('; ')}`.trim();
}

/** One entry for each offering and code, with the newest message: every attempt may meet the same shortage. */
function mergeShortages(known: readonly Shortage[], added: readonly Shortage[]): readonly Shortage[] {
  if (added.length === 0) return known;
  const keyOf = ({ offering, code }: Shortage): string => `${offering} ${code}`;
  const byKey = new Map(known.map((shortage) => [keyOf(shortage), shortage]));
  for (const shortage of added) byKey.set(keyOf(shortage), shortage);
  return [...byKey.values()].slice(-MAX_SHORTAGES);
}

const MAX_SHORTAGES = 50;

function withLaunch(state: RequestState, ordinal: number, change: Partial<Launch>): RequestState {
  const launches = state.launches.map((launch) =>
    launch.ordinal === ordinal ? { ...launch, ...change } : launch,
  );
  return { ...state, launches };
}

function withRelease(
  state: RequestState,
  machineIds: readonly string[],
  release: 'terminating' | 'pendingRelease',
): RequestState {
  const owned = machinesOf(state, machineIds).filter((machine) => machine.release !== 'terminated');
  return withMachines(
    state,
    owned.map((machine) => ({ ...machine, release })),
  );
}

const asHeld = (machine: Machine): Machine => ({
  ...machine,
  result: 'succeed',
  message: '',
  release: 'held',
});

const isExecuting = (machine: Machine): boolean => machine.result === 'executing';

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
