import { unpackMachines, packMachines } from '../machine/packed.ts';
import type { Machine, RequestStatus } from '../machine/machine.ts';
import type { Group, Launch, Shortage } from './launch.ts';
import type { CarriedRequestState, MachineRequestInput } from './input.ts';
import type { ResolvedTemplate } from '../template/resolvedTemplate.ts';

/** State of a request owner. Only the reducer creates a new one. */
export interface RequestState {
  readonly input: MachineRequestInput;
  /** `provisioning` while machines may still be added or become ready; then `settled`, permanently. */
  readonly phase: 'provisioning' | 'settled';
  /** Units to provide in total: the input's count, 0 after a cancel or in a later run. */
  readonly targetUnits: number;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly launches: readonly Launch[];
  readonly shortages: readonly Shortage[];
  readonly resolvedTemplate: ResolvedTemplate | undefined;
  /** An error that makes further launches pointless, e.g. a bad AMI. */
  readonly fatalError: Shortage | undefined;
  readonly machines: ReadonlyMap<string, Machine>;
  /** Groups to delete after their last machine is terminated. */
  readonly groupsToDelete: readonly Group[];
  /** Machines that Host Factory has not read as `succeed` yet, so it may not know them. */
  readonly unacknowledged: ReadonlySet<string>;
  /** Acknowledged before this run observes them: after a reset, signals arrive before the machines are discovered. */
  readonly acknowledgedEarly: ReadonlySet<string>;
  /** Machines that the owner released because Host Factory never acknowledged them. */
  readonly releasedUnacknowledged: ReadonlySet<string>;
  /** Machines of the unanswered returns, by returnId. */
  readonly openReturns: ReadonlyMap<string, readonly string[]>;
  /** Ids of Host Factory's calls that made these returns, by returnId, for the logs. They are not carried over. */
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
    // An older release does not carry them: Host Factory may hold all of its machines.
    unacknowledged: new Set(carried?.unacknowledged),
    acknowledgedEarly: new Set(),
    releasedUnacknowledged: new Set(carried?.releasedUnacknowledged),
    openReturns: new Map(carried?.openReturns),
    returnCallIds: new Map(),
  };
}

/** The next run repeats a release that is in progress; it is idempotent. */
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
    ...(state.releasedUnacknowledged.size === 0
      ? {}
      : { releasedUnacknowledged: [...state.releasedUnacknowledged] }),
    openReturns: [...state.openReturns],
  };
}

/** Epoch ms after which nothing is launched. */
export const deadlineOf = (input: MachineRequestInput): number =>
  input.createdAt + input.deadlineSeconds * 1_000;

/** Units of machines, and of launches that are not settled: these may still launch. */
export function committedUnits(state: RequestState): number {
  let units = 0;
  for (const machine of state.machines.values()) units += machine.units;
  for (const launch of state.launches) if (launch.stage !== 'settled') units += launch.units;
  return units;
}

/** Units that launches fulfilled, whatever happened to the machines since. */
export const launchedUnits = (state: RequestState): number =>
  state.launches.reduce((units, { fulfilledUnits }) => units + fulfilledUnits, 0);

export const missingUnits = (state: RequestState): number =>
  Math.max(0, state.targetUnits - committedUnits(state));

/** Units that count against the template's maxNumber: those not being released, and those still to be launched. */
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

/** A group may still launch, replace or remove machines; nothing is released until it is frozen. */
export const hasFillingGroup = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open' && launch.group !== undefined);

/** The outcome of a launch is still uncertain, although the request may have settled. */
export const hasOverdueLaunch = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'overdue');

export const hasOpenLaunch = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open');
