import type { MachineState } from '../machine/machine.ts';

/** What one read of AWS showed of one machine. */
export interface FleetObservation {
  readonly machineId: string;
  readonly name: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  readonly state: MachineState;
  /** From the tag; '' for a machine without our tags. */
  readonly requestId: string;
  /** Epoch ms at which AWS interrupts a spot machine, by its notice; 0 without a notice. */
  readonly interruptionAt: number;
  /** AWS's reason for the state; else ''. */
  readonly reason: string;
}

type Row = readonly [
  machineId: string,
  name: string,
  launchTime: number,
  state: number,
  requestId: number,
  interruptionAt: number,
  reason: number,
];

/** Observations for Temporal's payloads: texts that many machines share are stored once. */
export interface PackedObservations {
  readonly texts: readonly string[];
  readonly rows: readonly Row[];
}

export function packObservations(observations: readonly FleetObservation[]): PackedObservations {
  const indexes = new Map<string, number>();
  const indexOf = (text: string): number => {
    const known = indexes.get(text) ?? indexes.size;
    indexes.set(text, known);
    return known;
  };
  const rows = observations.map((observation): Row => [
    observation.machineId,
    observation.name,
    observation.launchTime,
    indexOf(observation.state),
    indexOf(observation.requestId),
    observation.interruptionAt,
    indexOf(observation.reason),
  ]);
  return { texts: [...indexes.keys()], rows };
}

export const unpackObservations = ({ texts, rows }: PackedObservations): FleetObservation[] =>
  rows.map(([machineId, name, launchTime, state, requestId, interruptionAt, reason]) => ({
    machineId,
    name,
    launchTime,
    state: (texts[state] ?? 'absent') as MachineState,
    requestId: texts[requestId] ?? '',
    interruptionAt,
    reason: texts[reason] ?? '',
  }));
