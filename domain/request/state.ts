import { unpackMachines, packMachines } from '../machine/packed.ts';
import type { Machine } from '../machine/machine.ts';
import type { Group, Launch, Shortage } from './launch.ts';
import type { RequestStatus } from './statusView.ts';
import type { CarriedRequestState, MachineRequestInput } from './input.ts';
import type { ResolvedTemplate } from '../template/resolvedTemplate.ts';

/** What the owner of a request knows. Only the reducer makes a new one. */
export interface RequestState {
  readonly input: MachineRequestInput;
  /** `provisioning` while machines may still be added or become ready; then `settled` for good. */
  readonly phase: 'provisioning' | 'settled';
  /** Units still wanted in all; less than the input's count after a cancel. */
  readonly targetUnits: number;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly launches: readonly Launch[];
  readonly shortages: readonly Shortage[];
  readonly resolvedTemplate: ResolvedTemplate | undefined;
  /** An error after which launching again is pointless, e.g. a bad AMI. */
  readonly fatalError: Shortage | undefined;
  readonly machines: ReadonlyMap<string, Machine>;
  /** Groups to be deleted with their last machine. */
  readonly groupsToDelete: readonly Group[];
  /** Machines that are `succeed` and that Host Factory has not read as such yet: it may never have learned of them. */
  readonly unacknowledged: ReadonlySet<string>;
  /** Read by Host Factory before this run knows them: a reset gives the signals again sooner than the machines. */
  readonly acknowledgedEarly: ReadonlySet<string>;
  /** Machines of the returns that have no answer yet, by returnId. */
  readonly openReturns: ReadonlyMap<string, readonly string[]>;
  /** Host Factory's calls that made these, for logs, by returnId. A next run hears of them only by more signals. */
  readonly returnCallIds: ReadonlyMap<string, string>;
}

export function initialRequestState(input: MachineRequestInput): RequestState {
  const carried = input.carriedState;
  return {
    input,
    phase: carried ? 'settled' : 'provisioning',
    targetUnits: carried ? 0 : input.count,
    status: carried?.status ?? 'running',
    message: carried?.message ?? '',
    cancelled: carried?.cancelled ?? false,
    launches: [],
    shortages: [],
    resolvedTemplate: undefined,
    fatalError: undefined,
    machines: new Map(
      (carried ? unpackMachines(carried.machines) : []).map((machine) => [machine.machineId, machine]),
    ),
    groupsToDelete: carried?.groupsToDelete ?? [],
    // What an older release carried says nothing of it: Host Factory may hold all of them.
    unacknowledged: new Set(carried?.unacknowledged),
    acknowledgedEarly: new Set(),
    openReturns: new Map(carried?.openReturns),
    returnCallIds: new Map(),
  };
}

/** The ledger for the next run. A release that was under way starts again there: it is idempotent. */
export function toCarriedRequestState(state: RequestState): CarriedRequestState {
  const machines = [...state.machines.values()].map((machine) =>
    machine.release === 'terminating' ? { ...machine, release: 'pendingRelease' as const } : machine,
  );
  return {
    v: 1,
    status: state.status,
    message: state.message,
    cancelled: state.cancelled,
    machines: packMachines(machines),
    ...(state.groupsToDelete.length === 0 ? {} : { groupsToDelete: state.groupsToDelete }),
    ...(state.unacknowledged.size === 0 ? {} : { unacknowledged: [...state.unacknowledged] }),
    openReturns: [...state.openReturns],
  };
}

/** Epoch ms from which nothing is launched any more. */
export const deadlineOf = (input: MachineRequestInput): number =>
  input.createdAt + input.deadlineSeconds * 1_000;

/** Units that are there, on their way or possibly on their way. */
export function committedUnits(state: RequestState): number {
  let units = 0;
  for (const machine of state.machines.values()) units += machine.units;
  for (const launch of state.launches) if (launch.stage !== 'settled') units += launch.units;
  return units;
}

/** Units that launches brought, whatever became of them. */
export const launchedUnits = (state: RequestState): number =>
  state.launches.reduce((units, { fulfilledUnits }) => units + fulfilledUnits, 0);

export const missingUnits = (state: RequestState): number =>
  Math.max(0, state.targetUnits - committedUnits(state));

/** Units that count against the template's maxNumber: what is there and not given back, and what still comes. */
export function capacityInUse(state: RequestState): number {
  let unitsInUse = 0;
  let releasedUnits = 0;
  for (const { release, units } of state.machines.values()) {
    if (release === 'held' || release === 'refused') unitsInUse += units;
    else releasedUnits += units;
  }
  if (state.phase === 'provisioning' && !state.fatalError)
    return Math.max(unitsInUse, state.targetUnits - releasedUnits);
  for (const launch of state.launches) if (launch.stage !== 'settled') unitsInUse += launch.units;
  return unitsInUse;
}

export const machinesWhere = (state: RequestState, predicate: (machine: Machine) => boolean): Machine[] =>
  [...state.machines.values()].filter(predicate);

export const bootingMachines = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.result === 'executing');

export const machinesPendingRelease = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.release === 'pendingRelease');

export const liveMachines = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.release !== 'terminated');

/** A group may still launch, replace what dies, or take away what it has too many of: nothing is released beside it. */
export const hasFillingGroup = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open' && launch.group !== undefined);

/** What became of a launch is still to be found out, though the request may be answered already. */
export const hasOverdueLaunch = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'overdue');

export const hasOpenLaunch = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open');
