import type { PackedObservations } from '../domain/monitor/observation.ts';
import type { PackedMachines } from '../domain/machine/packed.ts';
import type { Observation } from '../domain/machine/machine.ts';
import type { Group } from '../domain/request/launch.ts';
import type { RequestStatus } from '../domain/machine/machine.ts';

/**
 * Everything that is said to the workflows and by them: names and payloads, in one place and free of
 * Temporal, because the command line and the activities speak them by name. workflows/runtime/definitions.ts makes
 * Temporal's definitions of them. Payloads carry `v`; readers take all older versions.
 */
export const WORKFLOW = {
  request: 'machineRequest',
  return: 'machineReturn',
  monitor: 'fleetMonitor',
} as const;
export const QUERY = {
  status: 'status',
  ownershipStatus: 'ownershipStatus',
  capacityInUse: 'capacityInUse',
  lostHosts: 'lostHosts',
  report: 'report',
} as const;
export const SIGNAL = {
  returnMachines: 'returnMachines',
  returnOutcome: 'returnOutcome',
  machinesObserved: 'machinesObserved',
  hostListUpdated: 'hostListUpdated',
  acknowledge: 'acknowledge',
  releaseUnacknowledged: 'releaseUnacknowledged',
  forceAdoption: 'forceAdoption',
  machinesInterrupted: 'machinesInterrupted',
} as const;

/** Header of activities: the id of Host Factory's call, for log lines. */
export const CALL_ID_HEADER = 'ohf-call-id';

/**
 * Signal from the monitor to an owner: what became of machines of it without its doing. To an adopter also: what
 * it takes over.
 */
export interface MachinesObserved {
  readonly v: 1;
  readonly observations: readonly Observation[];
  /** Of these, those that Host Factory never read as `succeed`, as far as their closed owner knew. */
  readonly unacknowledged?: readonly string[];
  /** Of the unclaimed ones, those that the closed owner never reported: nobody can hold them. */
  readonly unreported?: readonly string[];
  /** Epoch ms from which the unreported ones are given back. */
  readonly releaseAt?: number;
  readonly groups?: readonly OrphanedGroup[];
}

/** A group that may still launch, or has to be removed, and that no owner looks after. */
export interface OrphanedGroup extends Group {
  /** Of the launch that made it. */
  readonly token: string;
}

/** Signal to an owner: Host Factory has now read these as `succeed`. */
export interface Acknowledge {
  readonly v: 1;
  readonly machineIds: readonly string[];
}

/** Signal from the monitor to an owner: give back those of these that Host Factory never read. */
export interface ReleaseUnacknowledged {
  readonly v: 1;
  readonly machineIds: readonly string[];
}

/** Signal from a worker to the monitor: what the cloud has announced of machines, sooner than a sweep shows it. */
export interface MachinesInterrupted {
  readonly v: 1;
  readonly observations: PackedObservations;
}

/** Argument of the `status` query: answers come in pages, because one answer may not exceed 2 MB. */
export interface StatusPage {
  readonly offset: number;
}

/** Memo under the key `hf` of a request or a return: what is known of it without any worker. */
export interface StatusMemo {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  /** All of a settled request, until a run begins that has them in its input. */
  readonly machines?: PackedMachines;
}
