import type { UnlistedMachine, SuspectMachine, LostMachine, HostListSummary } from './records.ts';

/** What is said to `fleetMonitor` and by it. */
export interface MonitorInput {
  readonly v: 1;
  readonly deployment: string;
  readonly provider: string;
  /** Set by the workflow itself when it continues as new. */
  readonly carriedState?: CarriedMonitorState;
}

/** Argument of the `hostCount` query: the hosts that Host Factory has, as columns; '' where it gave none. */
export interface LostHostsQuery {
  readonly v: 1;
  /** Epoch ms by the caller's clock: that of a workflow stands still between its events. */
  readonly at: number;
  /** False for a part of the list: what it lacks says nothing. */
  readonly isComplete: boolean;
  readonly names: readonly string[];
  readonly ids: readonly string[];
  /** Name of the Symphony cluster that asks, where it is known. */
  readonly cluster?: string;
}

/** Answer of the `hostCount` query: which of these hosts are being taken away or gone. */
export interface LostHostsAnswer {
  readonly v: 1;
  /** False until AWS was read once: nothing can be said before. */
  readonly isReady: boolean;
  /** Place in the list, and epoch ms at which the machine goes or went. */
  readonly lost: readonly (readonly [index: number, at: number])[];
  /** To be sent back as a signal: what this list says that the monitor did not know. */
  readonly update?: HostListUpdate;
  /** The cluster that the deployment belongs to, when another one asks. */
  readonly boundCluster?: string;
}

export interface HostListUpdate {
  readonly v: 1;
  /** Hosts that no sweep has shown: AWS has to be asked about them by id. */
  readonly unknownHosts: readonly (readonly [machineId: string, name: string])[];
  /** Machines that Host Factory no longer asks about. */
  readonly dropped: readonly string[];
  /** Machines that it has under other names than they were reported under; '' where that is over. */
  readonly hostNameMismatches?: readonly (readonly [machineId: string, name: string])[];
  readonly listDiff?: HostListDiff;
  /** The cluster that asks, when it is the first one or a strange one. */
  readonly cluster?: string;
}

/** What a whole list says of our machines that should stand in it. */
export interface HostListDiff {
  /** Epoch ms by the caller's clock. */
  readonly at: number;
  /** Hosts in the list. */
  readonly hostCount: number;
  /** Our machines among them. */
  readonly listedMachines: number;
  /** Machines that it lacks and that were not known to be absent. */
  readonly unlisted: readonly string[];
  /** Machines that were absent and stand in it again. */
  readonly relisted: readonly string[];
}

/** Answer of the `report` query: what people and the worker's metrics are told. */
export interface MonitorReport {
  readonly v: 1;
  /** False until AWS was read once. */
  readonly isReady: boolean;
  readonly alarms: readonly Alarm[];
  /** Machines that Host Factory's list lacks, and that nobody gives back. */
  readonly unlistedMachines: readonly UnlistedMachineReport[];
  /** Requests whose machines or groups have no owner. */
  readonly ownerlessRequests: readonly (readonly [requestId: string, machines: number])[];
}

export interface Alarm {
  readonly code: AlarmCode;
  /** For people: what it is, and what they can do. */
  readonly message: string;
}
export type AlarmCode =
  | 'unknownFleet'
  | 'foreignCluster'
  | 'tooManyOrphans'
  | 'tooManyUnacknowledged'
  | 'emptyHostList'
  | 'unrecognizedHostList'
  | 'interruptionListenerDown'
  | 'hostNameMismatches';

export interface UnlistedMachineReport {
  readonly machineId: string;
  readonly name: string;
  readonly requestId: string;
  /** Epoch seconds. */
  readonly launchTime: number;
  /** Whether Host Factory has read it as `succeed` at some time; undefined while its owner was not asked. */
  readonly isAcknowledged?: boolean;
  /** Consecutive lists that count and lack it. */
  readonly missedLists: number;
}

/** Signal to the monitor: give the machines of these requests to adopters. */
export interface ForceAdoption {
  readonly v: 1;
  readonly requestIds: readonly string[];
}

/** Memo of the monitor under the key `hf`: the latest losses, for answers without any worker. */
export interface LostMachinesMemo {
  readonly v: 1;
  readonly lost: readonly (readonly [machineId: string, at: number])[];
  /** For `ohf health`. */
  readonly alarms?: readonly string[];
}

/** What a monitor carries into its next run. What is left out is found again by the next sweep or list. */
export interface CarriedMonitorState {
  readonly v: 1;
  readonly isReady: boolean;
  readonly ownsFleet: boolean;
  /** Ids, names, and of each the place of its request in `requests`. */
  readonly liveMachines: readonly (readonly [
    machineId: string,
    name: string,
    request: number,
    launchTime?: number,
    isShuttingDown?: 0 | 1,
  ])[];
  readonly requests: readonly string[];
  readonly lostMachines: readonly LostMachine[];
  readonly suspects: readonly SuspectMachine[];
  readonly interruptionListenerError?: string;
  readonly hostNameMismatches?: readonly (readonly [machineId: string, name: string])[];
  readonly unlistedMachines?: readonly UnlistedMachine[];
  readonly lastHostList?: HostListSummary;
  readonly cluster?: string;
  readonly foreignCluster?: { readonly cluster: string; readonly at: number };
}
