import type { QueryOwnersResult, SweepResult } from '../domain/monitor/activityResults.ts';
import type { PackedObservations } from '../domain/monitor/observation.ts';

/** The activities of `fleetMonitor`. Each may run more than once. */
export interface SweepActivities {
  /**
   * Reads the machines of the provider instance repeatedly and returns when there is news, at the latest after an hour.
   * Only complete reads count.
   */
  sweep(input: SweepInput): Promise<SweepResult>;
}

export interface OwnerActivities {
  /** Queries the ownership status of machines. */
  queryOwners(input: QueryOwnersInput): Promise<QueryOwnersResult>;
  /** Signals to owners that machines of theirs are terminated. */
  notifyOwners(input: NotifyOwnersInput): Promise<void>;
  /** Gives machines whose owner is closed or lost to the adopters of their requests. */
  adoptOrphans(input: AdoptOrphansInput): Promise<void>;
  /** Signals owners to release machines that Host Factory never acknowledged. */
  releaseUnacknowledged(input: ReleaseUnacknowledgedInput): Promise<void>;
  /** Describes machines by id, of any owner, in one complete read. */
  describeMachines(input: DescribeMachinesInput): Promise<PackedObservations>;
}

export interface SweepInput {
  readonly deployment: string;
  readonly provider: string;
  /** From the last result; '' at first. A worker that does not know it sends a full snapshot. */
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
  /** As in UnacknowledgedRules; absent: nothing is released. */
  readonly minAgeMs?: number;
}

export interface ReleaseUnacknowledgedInput {
  readonly owners: QueryOwnersInput['owners'];
}
