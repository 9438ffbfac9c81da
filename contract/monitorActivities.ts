import type { QueryOwnersResult, SweepResult } from '../domain/monitor/activityResults.ts';
import type { PackedObservations } from '../domain/monitor/observation.ts';

/** The side effects that `fleetMonitor` asks for. Each may run more than once. */
export interface SweepActivities {
  /**
   * Reads the machines of the provider instance again and again, and returns when there is news, at the latest
   * after an hour. Only complete reads count.
   */
  sweep(input: SweepInput): Promise<SweepResult>;
}

export interface OwnerActivities {
  /** Asks owners where their machines stand. */
  queryOwners(input: QueryOwnersInput): Promise<QueryOwnersResult>;
  /** Tells owners that machines of them are gone. */
  notifyOwners(input: NotifyOwnersInput): Promise<void>;
  /** Gives machines whose owner is closed or lost to the adopters of their requests. */
  adoptOrphans(input: AdoptOrphansInput): Promise<void>;
  /** Asks owners to give machines back that Host Factory never read. */
  releaseUnacknowledged(input: ReleaseUnacknowledgedInput): Promise<void>;
  /** Looks machines up by id, whosever they are. One complete read. */
  describeMachines(input: DescribeMachinesInput): Promise<PackedObservations>;
}

export interface SweepInput {
  readonly deployment: string;
  readonly provider: string;
  /** Of the last result; '' at first. A worker that did not give it starts anew. */
  readonly snapshotId: string;
}

export interface QueryOwnersInput {
  readonly owners: readonly (readonly [requestId: string, machineIds: readonly string[]])[];
}

export interface NotifyOwnersInput {
  readonly owners: readonly (readonly [requestId: string, terminated: readonly TerminatedMachine[]])[];
}
export type TerminatedMachine = readonly [machineId: string, reason: string];

export interface DescribeMachinesInput {
  readonly machineIds: readonly string[];
}

export interface AdoptOrphansInput {
  readonly deployment: string;
  readonly provider: string;
  readonly owners: QueryOwnersInput['owners'];
  /** As in UnclaimedRules; absent: nothing is given back. */
  readonly minAgeMs?: number;
}

export interface ReleaseUnacknowledgedInput {
  readonly owners: QueryOwnersInput['owners'];
}
