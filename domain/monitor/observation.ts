import type { MachineState } from '../machine/machine.ts';
import type { MachineStanding } from '../request/ownershipStatus.ts';
import type { UnclaimedRules } from './records.ts';

/** What one read of AWS showed of one machine. */
export interface SeenMachine {
  readonly machineId: string;
  readonly name: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  readonly state: MachineState;
  /** From the tag; '' for a machine that is not ours. */
  readonly requestId: string;
  /** Epoch ms at which AWS takes a spot machine away, as it announced; 0 without an announcement. */
  readonly reclaimAt: number;
  /** AWS's reason for a state; else ''. */
  readonly reason: string;
}

type Row = readonly [
  machineId: string,
  name: string,
  launchTime: number,
  state: number,
  requestId: number,
  reclaimAt: number,
  reason: number,
];

/** A list of these for Temporal's payloads: texts that many machines share stand in it once. */
export interface PackedSeen {
  readonly texts: readonly string[];
  readonly rows: readonly Row[];
}

export function packSeen(machines: readonly SeenMachine[]): PackedSeen {
  const places = new Map<string, number>();
  const place = (text: string): number => {
    const known = places.get(text) ?? places.size;
    places.set(text, known);
    return known;
  };
  const rows = machines.map((seen): Row => [
    seen.machineId,
    seen.name,
    seen.launchTime,
    place(seen.state),
    place(seen.requestId),
    seen.reclaimAt,
    place(seen.reason),
  ]);
  return { texts: [...places.keys()], rows };
}

export const unpackSeen = ({ texts, rows }: PackedSeen): SeenMachine[] =>
  rows.map(([machineId, name, launchTime, state, requestId, reclaimAt, reason]) => ({
    machineId,
    name,
    launchTime,
    state: (texts[state] ?? 'absent') as MachineState,
    requestId: texts[requestId] ?? '',
    reclaimAt,
    reason: texts[reason] ?? '',
  }));

export interface SweepResult {
  readonly token: string;
  /** Everything there is, from the start, instead of what has changed since the last result. */
  readonly anew: boolean;
  /** The rest of it comes with the next result: a payload has its limit. */
  readonly more: boolean;
  /** Requests of machines that are alive that have no open owner, seen twice; absent while that is not known. */
  readonly ownerless?: readonly string[];
  /** Of the ownerless requests, those that have a group which may still launch or has to be removed. */
  readonly withGroups?: readonly string[];
  /** The worker's settings; what an older worker leaves out, the monitor does not do. */
  readonly rules?: UnclaimedRules;
  /** Why the worker does not hear what the cloud announces, if it should and doesn't. */
  readonly unheard?: string;
  /** `absent`: shown before, and now neither by its tags nor by its id. */
  readonly seen: PackedSeen;
}

export interface AskResult {
  /** Of each machine, in the order of the input; `silent`: its owner gave no answer. */
  readonly standings: readonly (readonly [machineId: string, standing: MachineStanding | 'silent'])[];
}
