import type { UnlistedMachine, SuspectMachine, LostMachine, HostListSummary } from './records.ts';

export interface MonitorInput {
  readonly v: 1;
  readonly deployment: string;
  readonly provider: string;
  /** Set by the workflow itself when it continues as new. */
  readonly carriedState?: CarriedMonitorState;
}

/** Argument of the `lostHosts` query: Host Factory's hosts as columns; '' where a name or id is missing. */
export interface LostHostsQuery {
  readonly v: 1;
  /** Epoch ms by the caller's clock: a workflow's clock stops between its events. */
  readonly at: number;
  /** False for a part of the host list: machines may be missing from it. */
  readonly isComplete: boolean;
  readonly names: readonly string[];
  readonly ids: readonly string[];
  /** Name of the calling Symphony cluster, if known. */
  readonly cluster?: string;
}

/** Answer of the `lostHosts` query: which of these hosts are lost, or are about to be. */
export interface LostHostsAnswer {
  readonly v: 1;
  /** False until the first complete read of AWS: before, the monitor cannot answer. */
  readonly isReady: boolean;
  /** Index in the host list, and epoch ms at which the machine ends or ended. */
  readonly lost: readonly (readonly [index: number, at: number])[];
  /** What the monitor did not know; the caller signals it back. */
  readonly update?: HostListUpdate;
  /** The cluster that the deployment belongs to, if another one calls. */
  readonly boundCluster?: string;
}

export interface HostListUpdate {
  readonly v: 1;
  /** Hosts that no sweep has shown: the monitor describes them by id. */
  readonly unknownHosts: readonly (readonly [machineId: string, name: string])[];
  /** Machines that Host Factory no longer lists. */
  readonly dropped: readonly string[];
  /** Machines for which Host Factory has another name than was reported; '' if it no longer has. */
  readonly hostNameMismatches?: readonly (readonly [machineId: string, name: string])[];
  readonly listDiff?: HostListDiff;
  /** The calling cluster, if it is the first one or a foreign one. */
  readonly cluster?: string;
}

/** What a complete host list shows about our machines. */
export interface HostListDiff {
  /** Epoch ms by the caller's clock. */
  readonly at: number;
  /** Hosts in the list. */
  readonly hostCount: number;
  /** Our machines among them. */
  readonly listedMachines: number;
  /** Machines that the list lacks for the first time. */
  readonly unlisted: readonly string[];
  /** Unlisted machines that the list contains again. */
  readonly relisted: readonly string[];
}

/** Answer of the `report` query, for operators and the worker's metrics. */
export interface RequestMachines {
  readonly v: 1;
  /** False until the first complete read of AWS. */
  readonly isReady: boolean;
  /** Epoch ms at which the monitor started; it may have continued as new since. */
  readonly since: number;
  /** Live machines that are tagged with the request. */
  readonly machines: number;
}

export interface MonitorReport {
  readonly v: 1;
  /** False until the first complete read of AWS. */
  readonly isReady: boolean;
  readonly alarms: readonly Alarm[];
  /** Machines that the host list lacks, and that are not being released. */
  readonly unlistedMachines: readonly UnlistedMachineReport[];
  /** Requests whose machines or groups have no owner. */
  readonly ownerlessRequests: readonly (readonly [requestId: string, machines: number])[];
}

export interface Alarm {
  readonly code: AlarmCode;
  /** What is wrong and what the operator can do. */
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
  /** Whether Host Factory has read it as `succeed`; undefined until its owner was queried. */
  readonly isAcknowledged?: boolean;
  /** Consecutive trusted lists that lack it. */
  readonly missedLists: number;
}

/** Signal to the monitor: adopt the machines of these requests. */
export interface ForceAdoption {
  readonly v: 1;
  readonly requestIds: readonly string[];
}

/** Memo of the monitor under the key `hf`: the latest lost machines, for answers without a worker. */
export interface LostMachinesMemo {
  readonly v: 1;
  readonly lost: readonly (readonly [machineId: string, at: number])[];
  /** For `ohf health`. */
  readonly alarms?: readonly string[];
}

/** State that the monitor carries into its next run. The next sweep or host list supplies what is omitted. */
export interface CarriedMonitorState {
  readonly v: 1;
  /** Epoch ms at which the first run started. */
  readonly since?: number;
  readonly isReady: boolean;
  readonly ownsFleet: boolean;
  /** `request` is an index into `requests`. */
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
