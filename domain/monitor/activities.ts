import type { MachineStanding } from '../shared/messages.ts';
import type { PackedSeen } from './seen.ts';

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
  /** `absent`: shown before, and now neither by its tags nor by its id. */
  readonly seen: PackedSeen;
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
}
