import type { DomainEvent } from '../events/event.ts';
import type { PackedMachines } from '../machine/packed.ts';
import type { Group } from './launch.ts';
import type { Template } from '../template/template.ts';
import type { RequestStatus } from './statusView.ts';

/** Input of `machineRequest`. Nothing in it is secret: Temporal's Web UI shows it. */
export interface MachineRequestInput {
  readonly v: 1;
  readonly requestId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms, by the command line's clock; counts through every run and reset. */
  readonly createdAt: number;
  /** Machines (or units, for a template with weights) wanted; 0 for an owner that only adopts. */
  readonly count: number;
  /** Absent for an owner that only adopts. */
  readonly template?: Template;
  /** Seconds after createdAt from which nothing is launched any more and the request settles. */
  readonly deadlineSeconds: number;
  /** Names the call of Host Factory in logs; absent for an owner that only adopts. */
  readonly callId?: string;
  /** Seconds after its launch was answered by which a machine must be up; absent: by the deadline. */
  readonly bootTimeoutSeconds?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carriedState?: CarriedRequestState;
}

/** The ledger that a settled owner carries into its next run. */
export interface CarriedRequestState {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly machines: PackedMachines;
  /** Groups to be deleted with their last machine. */
  readonly groupsToDelete?: readonly Group[];
  /** Machines that Host Factory has not read as `succeed` yet; absent in what an older release carried. */
  readonly unacknowledged?: readonly string[];
  /** Unanswered returns: returnId and machines. */
  readonly openReturns: readonly (readonly [returnId: string, machineIds: readonly string[]])[];
  readonly events?: CarriedEventState;
}

export interface CarriedEventState {
  readonly nextSequence: number;
  /** Those that could not be published. */
  readonly unpublished?: readonly DomainEvent[];
}
