import type { MachineStanding } from './messages.ts';
import type { PackedSeen } from '../domain/monitor/observation.ts';

/** The side effects that `fleetMonitor` asks for. Each may run more than once. */
export interface MonitorActivities {
  /**
   * Reads the machines of the provider instance again and again, and returns when there is news, at the latest
   * after an hour. Only complete reads count.
   */
  sweep(input: SweepInput): Promise<SweepResult>;
}

export interface InquiryActivities {
  /** Asks owners where their machines stand. */
  askOwners(input: AskInput): Promise<AskResult>;
  /** Tells owners that machines of them are gone. */
  tellOwners(input: TellInput): Promise<void>;
  /** Gives machines whose owner is closed or lost to the adopters of their requests. */
  adopt(input: AdoptInput): Promise<void>;
  /** Asks owners to give machines back that Host Factory never read. */
  reclaim(input: ReclaimInput): Promise<void>;
  /** Looks machines up by id, whosever they are. One complete read. */
  lookUp(input: LookUpInput): Promise<PackedSeen>;
}

export interface SweepInput {
  readonly deployment: string;
  readonly provider: string;
  /** Of the last result; '' at first. A worker that did not give it starts anew. */
  readonly token: string;
}

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

/** When machines that nobody claims are given back. */
export interface UnclaimedRules {
  /** Consecutive lists of Host Factory that lack a machine. */
  readonly lists: number;
  /** ms from its launch before which a machine is not missed. */
  readonly minAgeMs: number;
  /** The part of all machines that at most is given back or adopted at once, and by which a list may shrink. */
  readonly share: number;
}

export interface AskInput {
  readonly owners: readonly (readonly [requestId: string, machineIds: readonly string[]])[];
}

export interface AskResult {
  /** Of each machine, in the order of the input; `silent`: its owner gave no answer. */
  readonly standings: readonly (readonly [machineId: string, standing: MachineStanding | 'silent'])[];
}

export interface TellInput {
  readonly owners: readonly (readonly [requestId: string, gone: readonly GoneMachine[]])[];
}
export type GoneMachine = readonly [machineId: string, reason: string];

export interface LookUpInput {
  readonly machineIds: readonly string[];
}

export interface AdoptInput {
  readonly deployment: string;
  readonly provider: string;
  readonly owners: AskInput['owners'];
  /** As in UnclaimedRules; absent: nothing is given back. */
  readonly minAgeMs?: number;
}

export interface ReclaimInput {
  readonly owners: AskInput['owners'];
}
