import type { DomainEvent } from '../domain/events/event.ts';
import type { PackedSeen } from '../domain/monitor/observation.ts';
import type { PackedMachines } from '../domain/machine/packed.ts';
import type { Sighting } from '../domain/machine/machine.ts';
import type { Group } from '../domain/request/launch.ts';
import type { Template } from '../domain/template/template.ts';

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
  standing: 'standing',
  held: 'held',
  hosts: 'hosts',
  report: 'report',
} as const;
export const SIGNAL = {
  returnMachines: 'returnMachines',
  machinesReleased: 'machinesReleased',
  machinesSeen: 'machinesSeen',
  hostsNamed: 'hostsNamed',
  claimed: 'claimed',
  reclaim: 'reclaim',
  adoptByHand: 'adoptByHand',
  machinesAnnounced: 'machinesAnnounced',
} as const;

/** Header of activities: the id of Host Factory's call, for log lines. */
export const CALL_ID_HEADER = 'ohf-call-id';

/** Host Factory's three words for a request or a return. */
export type RequestStatus = 'running' | 'complete' | 'complete_with_error';

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
  readonly pendingSeconds?: number;
  /** Set by the workflow itself when it continues as new. */
  readonly carried?: CarriedRequest;
}

/** The ledger that a settled owner carries into its next run. */
export interface CarriedRequest {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  readonly cancelled: boolean;
  readonly machines: PackedMachines;
  /** Groups to be deleted with their last machine. */
  readonly groups?: readonly Group[];
  /** Machines that Host Factory has not read as `succeed` yet; absent in what an older release carried. */
  readonly unclaimed?: readonly string[];
  /** Unanswered returns: returnId and machines. */
  readonly returns: readonly (readonly [returnId: string, machineIds: readonly string[]])[];
  readonly events?: CarriedEvents;
}

export interface CarriedEvents {
  readonly nextSequence: number;
  /** Those that could not be published. */
  readonly untold?: readonly DomainEvent[];
}

/** Signal to an owner. The same returnId may come again; it then only gets its answer again. */
export interface ReturnMachines {
  readonly returnId: string;
  /** What was seen of each just before, so that an owner takes in even a machine that it had not seen. */
  readonly machines: readonly Sighting[];
  /** Names the call of Host Factory that gave them back, in logs. */
  readonly callId?: string;
}

/**
 * Answer of an owner's `standing` query, one a machine: `held` (Host Factory has it, and nobody wants it gone),
 * `unclaimed` (Host Factory never read it as `succeed`), `booting` (it is not decided yet), `released` (being given
 * back, or gone), `unknown` (the owner never had it).
 */
export type MachineStanding = 'held' | 'unclaimed' | 'booting' | 'released' | 'unknown';

/**
 * Signal from the monitor to an owner: what became of machines of it without its doing. To an adopter also: what
 * it takes over.
 */
export interface MachinesSeen {
  readonly v: 1;
  readonly sightings: readonly Sighting[];
  /** Of these, those that Host Factory never read as `succeed`, as far as their closed owner knew. */
  readonly unclaimed?: readonly string[];
  /** Of the unclaimed ones, those that the closed owner never reported: nobody can hold them. */
  readonly unreported?: readonly string[];
  /** Epoch ms from which the unreported ones are given back. */
  readonly giveBackAt?: number;
  readonly groups?: readonly OrphanedGroup[];
}

/** A group that may still launch, or has to be removed, and that no owner looks after. */
export interface OrphanedGroup extends Group {
  /** Of the launch that made it. */
  readonly token: string;
}

/** Signal to an owner: Host Factory has now read these as `succeed`. */
export interface Claimed {
  readonly v: 1;
  readonly machineIds: readonly string[];
}

/** Signal from the monitor to an owner: give back those of these that Host Factory never read. */
export interface Reclaim {
  readonly v: 1;
  readonly machineIds: readonly string[];
}

/** Signal from a worker to the monitor: what the cloud has announced of machines, sooner than a sweep shows it. */
export interface MachinesAnnounced {
  readonly v: 1;
  readonly seen: PackedSeen;
}

/** Signal from an owner to a return: all machines of it that this owner had are decided. */
export interface MachinesReleased {
  readonly ownerId: string;
  readonly machines: readonly {
    readonly machineId: string;
    readonly result: 'succeed' | 'fail';
    readonly message: string;
  }[];
}

/** Input of `machineReturn`: the machines as Host Factory named them. */
export interface MachineReturnInput {
  readonly v: 1;
  readonly returnId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly machines: readonly ReturnedMachine[];
  /** Names the call of Host Factory in logs. */
  readonly callId?: string;
}
export interface ReturnedMachine {
  readonly machineId?: string;
  readonly name?: string;
}

/** Argument of the `status` query: answers come in pages, because one answer may not exceed 2 MB. */
export interface StatusPage {
  readonly offset: number;
}
export const STATUS_PAGE_SIZE = 4_000;

/** Answer of the `status` query of both workflows, and the result of both. */
export interface StatusView {
  readonly v: 1;
  /** Whose it is. A worker of 0.1.0 does not say. */
  readonly deployment?: string;
  readonly provider?: string;
  readonly status: RequestStatus;
  readonly message: string;
  /** Machines in all; this view holds those from `offset` on. */
  readonly total: number;
  readonly offset: number;
  readonly machines: PackedMachines;
  /** How many of all machines are `succeed` and were not claimed yet; absent for none. */
  readonly unclaimed?: number;
}

/** Memo under the key `hf` of a request or a return: what is known of it without any worker. */
export interface StatusMemo {
  readonly v: 1;
  readonly status: RequestStatus;
  readonly message: string;
  /** All of a settled request, until a run begins that has them in its input. */
  readonly machines?: PackedMachines;
}
