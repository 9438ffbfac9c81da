import type { DomainEvent } from '../events/event.ts';
import type { RequestStatus } from '../machine/machine.ts';
import type { PackedMachines } from '../machine/packed.ts';
import type { Group } from './launch.ts';
import type { Template } from '../template/template.ts';

/** Input of `machineRequest`. It holds no secrets: Temporal's Web UI shows it. */
export interface MachineRequestInput {
  readonly v: 1;
  readonly requestId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms by the CLI's clock. Runs after a reset or a continue-as-new keep it. */
  readonly createdAt: number;
  /** Requested machines, or units if the template has weights; 0 for an adopter. */
  readonly count: number;
  /** Absent for an adopter. */
  readonly template?: Template;
  /** s after `createdAt`. From then on the owner launches nothing more, and the request settles. */
  readonly deadlineSeconds: number;
  /** Id of Host Factory's call in the logs; absent for an adopter. */
  readonly callId?: string;
  /** s from the answer to a launch until its machines must be ready; absent: until the deadline. */
  readonly bootTimeoutSeconds?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carriedState?: CarriedRequestState;
}

/** State that a settled owner carries into its next run. */
export interface CarriedRequestState {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly machines: PackedMachines;
  /** Groups to delete after their last machine is terminated. */
  readonly groupsToDelete?: readonly Group[];
  /** Machines that Host Factory has not read as `succeed` yet; absent in state carried by an older release. */
  readonly unacknowledged?: readonly string[];
  /** Machines that the owner released because Host Factory never acknowledged them. */
  readonly releasedUnacknowledged?: readonly string[];
  /** Unanswered returns: returnId and machines. */
  readonly openReturns: readonly (readonly [returnId: string, machineIds: readonly string[]])[];
  readonly events?: CarriedEventState;
}

export interface CarriedEventState {
  readonly nextSequence: number;
  /** Events that could not be published. */
  readonly unpublished?: readonly DomainEvent[];
}
