import type { MachineState } from '../machine/machine.ts';
import type { OwnershipStatus } from '../request/ownershipStatus.ts';
import type { UnacknowledgedRules } from './records.ts';

/** What one read of AWS showed of one machine. */
export interface FleetObservation {
  readonly machineId: string;
  readonly name: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  readonly state: MachineState;
  /** From the tag; '' for a machine that is not ours. */
  readonly requestId: string;
  /** Epoch ms at which AWS takes a spot machine away, as it announced; 0 without an announcement. */
  readonly interruptionAt: number;
  /** AWS's reason for a state; else ''. */
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

/** A list of these for Temporal's payloads: texts that many machines share stand in it once. */
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

export interface SweepResult {
  readonly snapshotId: string;
  /** Everything there is, from the start, instead of what has changed since the last result. */
  readonly isFullSnapshot: boolean;
  /** The rest of it comes with the next result: a payload has its limit. */
  readonly hasMore: boolean;
  /** Requests of machines that are alive that have no open owner, seen twice; absent while that is not known. */
  readonly ownerlessRequests?: readonly string[];
  /** Of the ownerless requests, those that have a group which may still launch or has to be removed. */
  readonly ownerlessWithGroups?: readonly string[];
  /** The worker's settings; what an older worker leaves out, the monitor does not do. */
  readonly rules?: UnacknowledgedRules;
  /** Why the worker does not hear what the cloud announces, if it should and doesn't. */
  readonly interruptionListenerError?: string;
  /** `absent`: shown before, and now neither by its tags nor by its id. */
  readonly observations: PackedObservations;
}

export interface QueryOwnersResult {
  /** Of each machine, in the order of the input; `silent`: its owner gave no answer. */
  readonly statuses: readonly (readonly [machineId: string, status: OwnershipStatus | 'silent'])[];
}
