import type { OwnershipStatus } from '../request/ownershipStatus.ts';
import type { PackedObservations } from './observation.ts';
import type { UnacknowledgedRules } from './records.ts';

export interface SweepResult {
  readonly snapshotId: string;
  /** Whether it starts with all machines, instead of the changes since the last result. */
  readonly isFullSnapshot: boolean;
  /** The next result continues this one: payloads are limited. */
  readonly hasMore: boolean;
  /** Requests with live machines and no open owner, observed twice; absent while that is not known. */
  readonly ownerlessRequests?: readonly string[];
  /** The ownerless requests that have a group which may still launch or has to be deleted. */
  readonly ownerlessWithGroups?: readonly string[];
  /** The worker's settings. The monitor does not act on what an older worker omits. */
  readonly rules?: UnacknowledgedRules;
  /** Why the worker receives no interruption notices, if it should. */
  readonly interruptionListenerError?: string;
  /** `absent`: returned by earlier reads, and now neither by its tags nor by its id. */
  readonly observations: PackedObservations;
}

export interface QueryOwnersResult {
  /** One for each machine, in the order of the input; `silent`: its owner did not answer. */
  readonly statuses: readonly (readonly [machineId: string, status: OwnershipStatus | 'silent'])[];
}
