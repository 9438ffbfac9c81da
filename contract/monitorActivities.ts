import type { PackedSeen, SweepResult, AskResult } from '../domain/monitor/observation.ts';

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

export interface AskInput {
  readonly owners: readonly (readonly [requestId: string, machineIds: readonly string[]])[];
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
