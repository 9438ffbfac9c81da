import { unpackMachines, packMachines } from '../machine/packed.ts';
import type { Machine } from '../machine/machine.ts';
import type { Group, Launch, Shortage } from './launch.ts';
import type { RequestStatus } from './statusView.ts';
import type { CarriedRequest, MachineRequestInput } from './input.ts';
import type { Frozen } from '../template/resolvedTemplate.ts';

/** What the owner of a request knows. Only the reducer makes a new one. */
export interface RequestState {
  readonly input: MachineRequestInput;
  /** `acquiring` while machines may still be added or become ready; then `settled` for good. */
  readonly phase: 'acquiring' | 'settled';
  /** Units still wanted in all; less than the input's count after a cancel. */
  readonly target: number;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly launches: readonly Launch[];
  readonly shortages: readonly Shortage[];
  readonly frozen: Frozen | undefined;
  /** An error after which launching again is pointless, e.g. a bad AMI. */
  readonly fatal: Shortage | undefined;
  readonly machines: ReadonlyMap<string, Machine>;
  /** Groups to be deleted with their last machine. */
  readonly groups: readonly Group[];
  /** Machines that are `succeed` and that Host Factory has not read as such yet: it may never have learned of them. */
  readonly unclaimed: ReadonlySet<string>;
  /** Read by Host Factory before this run knows them: a reset gives the signals again sooner than the machines. */
  readonly claimedEarly: ReadonlySet<string>;
  /** Machines of the returns that have no answer yet, by returnId. */
  readonly returns: ReadonlyMap<string, readonly string[]>;
  /** Host Factory's calls that made these, for logs, by returnId. A next run hears of them only by more signals. */
  readonly returnCalls: ReadonlyMap<string, string>;
}

export function initialState(input: MachineRequestInput): RequestState {
  const carried = input.carried;
  return {
    input,
    phase: carried ? 'settled' : 'acquiring',
    target: carried ? 0 : input.count,
    status: carried?.status ?? 'running',
    message: carried?.message ?? '',
    cancelled: carried?.cancelled ?? false,
    launches: [],
    shortages: [],
    frozen: undefined,
    fatal: undefined,
    machines: new Map(
      (carried ? unpackMachines(carried.machines) : []).map((machine) => [machine.machineId, machine]),
    ),
    groups: carried?.groups ?? [],
    // What an older release carried says nothing of it: Host Factory may hold all of them.
    unclaimed: new Set(carried?.unclaimed),
    claimedEarly: new Set(),
    returns: new Map(carried?.returns),
    returnCalls: new Map(),
  };
}

/** The ledger for the next run. A release that was under way starts again there: it is idempotent. */
export function carry(state: RequestState): CarriedRequest {
  const machines = [...state.machines.values()].map((machine) =>
    machine.release === 'asked' ? { ...machine, release: 'wanted' as const } : machine,
  );
  return {
    v: 1,
    status: state.status,
    message: state.message,
    cancelled: state.cancelled,
    machines: packMachines(machines),
    ...(state.groups.length === 0 ? {} : { groups: state.groups }),
    ...(state.unclaimed.size === 0 ? {} : { unclaimed: [...state.unclaimed] }),
    returns: [...state.returns],
  };
}

/** Epoch ms from which nothing is launched any more. */
export const deadlineOf = (input: MachineRequestInput): number =>
  input.createdAt + input.deadlineSeconds * 1_000;

/** Units that are there, on their way or possibly on their way. */
export function unitsAcquired(state: RequestState): number {
  let units = 0;
  for (const machine of state.machines.values()) units += machine.units;
  for (const launch of state.launches) if (launch.stage !== 'settled') units += launch.units;
  return units;
}

/** Units that launches brought, whatever became of them. */
export const unitsLaunched = (state: RequestState): number =>
  state.launches.reduce((units, { got }) => units + got, 0);

export const unitsMissing = (state: RequestState): number => Math.max(0, state.target - unitsAcquired(state));

/** Units that count against the template's maxNumber: what is there and not given back, and what still comes. */
export function unitsHeld(state: RequestState): number {
  let held = 0;
  let released = 0;
  for (const { release, units } of state.machines.values()) {
    if (release === 'kept' || release === 'refused') held += units;
    else released += units;
  }
  if (state.phase === 'acquiring' && !state.fatal) return Math.max(held, state.target - released);
  for (const launch of state.launches) if (launch.stage !== 'settled') held += launch.units;
  return held;
}

export const machinesWhere = (state: RequestState, test: (machine: Machine) => boolean): Machine[] =>
  [...state.machines.values()].filter(test);

export const booting = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.result === 'executing');

export const wantedGone = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.release === 'wanted');

export const alive = (state: RequestState): Machine[] =>
  machinesWhere(state, (machine) => machine.release !== 'gone');

/** A group may still launch, replace what dies, or take away what it has too many of: nothing is released beside it. */
export const isFilling = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open' && launch.group !== undefined);

/** What became of a launch is still to be found out, though the request may be answered already. */
export const isOverdue = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'overdue');

export const isUnsettled = (state: RequestState): boolean =>
  state.launches.some((launch) => launch.stage === 'open');
