import type { Machine, MachineResult, MachineState, ReleaseStage } from './machine.ts';

/**
 * Machines as columns: a list of 10,000 stays well below Temporal's payload limit, which the same list of objects
 * exceeds. Used in query answers, results and carried state.
 */
export interface PackedMachines {
  readonly v: 1;
  readonly ids: readonly string[];
  readonly names: readonly string[];
  readonly privateIps: readonly string[];
  /** Empty when no machine has one. */
  readonly publicIps: readonly string[];
  readonly launchTimes: readonly number[];
  /** Instance types, each once; `type[i]` points into it. */
  readonly types: readonly string[];
  readonly type: readonly number[];
  /** One letter for each machine. */
  readonly spot: string;
  readonly states: string;
  readonly results: string;
  readonly releases: string;
  /** Empty when all are 1. */
  readonly units: readonly number[];
  /** Reasons and messages, each once: thousands of machines may share a long one. */
  readonly texts: readonly string[];
  /** Only machines that have one: index, reason and message; the latter two are indexes into `texts`. */
  readonly notes: readonly (readonly [index: number, reason: number, message: number])[];
}

const MACHINE_STATES: readonly MachineState[] = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
  'absent',
];
const MACHINE_RESULTS: readonly MachineResult[] = ['executing', 'succeed', 'fail'];
const RELEASE_STAGES: readonly ReleaseStage[] = [
  'held',
  'pendingRelease',
  'terminating',
  'refused',
  'terminated',
];

const encode = <T>(values: readonly T[], all: readonly T[]): string =>
  values.map((value) => all.indexOf(value)).join('');
const decode = <T>(text: string, index: number, all: readonly T[]): T => {
  const value = all[Number(text[index])];
  if (value === undefined) throw new RangeError(`packed machines: '${text[index]}' at ${index} is unknown`);
  return value;
};

export function packMachines(machines: readonly Machine[]): PackedMachines {
  const types = [...new Set(machines.map((machine) => machine.instanceType))];
  const areUnitsOne = machines.every((machine) => machine.units === 1);
  const texts = new Map(
    [...new Set(['', ...machines.flatMap(({ reason, message }) => [reason, message])])].map((text, index) => [
      text,
      index,
    ]),
  );
  const publicIps = machines.map((machine) => machine.publicIp);
  return {
    v: 1,
    ids: machines.map((machine) => machine.machineId),
    names: machines.map((machine) => machine.name),
    privateIps: machines.map((machine) => machine.privateIp),
    publicIps: publicIps.some((ip) => ip !== '') ? publicIps : [],
    launchTimes: machines.map((machine) => machine.launchTime),
    types,
    type: machines.map((machine) => types.indexOf(machine.instanceType)),
    spot: encode(
      machines.map((machine) => machine.spot),
      [false, true],
    ),
    states: encode(
      machines.map((machine) => machine.state),
      MACHINE_STATES,
    ),
    results: encode(
      machines.map((machine) => machine.result),
      MACHINE_RESULTS,
    ),
    releases: encode(
      machines.map((machine) => machine.release),
      RELEASE_STAGES,
    ),
    units: areUnitsOne ? [] : machines.map((machine) => machine.units),
    texts: [...texts.keys()],
    notes: machines.flatMap(({ reason, message }, index) =>
      reason || message ? [[index, texts.get(reason) ?? 0, texts.get(message) ?? 0] as const] : [],
    ),
  };
}

export function unpackMachines(packed: PackedMachines): Machine[] {
  const notes = new Map(
    packed.notes.map(([index, reason, message]) => [
      index,
      { reason: packed.texts[reason] ?? '', message: packed.texts[message] ?? '' },
    ]),
  );
  return packed.ids.map((machineId, index) => ({
    machineId,
    name: packed.names[index] ?? '',
    privateIp: packed.privateIps[index] ?? '',
    publicIp: packed.publicIps[index] ?? '',
    launchTime: packed.launchTimes[index] ?? 0,
    instanceType: packed.types[packed.type[index] ?? -1] ?? '',
    spot: decode(packed.spot, index, [false, true]),
    state: decode(packed.states, index, MACHINE_STATES),
    result: decode(packed.results, index, MACHINE_RESULTS),
    release: decode(packed.releases, index, RELEASE_STAGES),
    units: packed.units[index] ?? 1,
    reason: notes.get(index)?.reason ?? '',
    message: notes.get(index)?.message ?? '',
  }));
}
