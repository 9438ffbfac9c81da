import type { CarriedMonitor } from './carried.ts';

/** What is said to `fleetMonitor` and by it. */
export interface MonitorInput {
  readonly v: 1;
  readonly deployment: string;
  readonly provider: string;
  /** Set by the workflow itself when it continues as new. */
  readonly carried?: CarriedMonitor;
}

/** Argument of the `hosts` query: the hosts that Host Factory has, as columns; '' where it gave none. */
export interface HostsQuery {
  readonly v: 1;
  /** Epoch ms by the caller's clock: that of a workflow stands still between its events. */
  readonly at: number;
  /** False for a part of the list: what it lacks says nothing. */
  readonly whole: boolean;
  readonly names: readonly string[];
  readonly ids: readonly string[];
}

/** Answer of the `hosts` query: which of these hosts are being taken away or gone. */
export interface HostsAnswer {
  readonly v: 1;
  /** False until AWS was read once: nothing can be said before. */
  readonly ready: boolean;
  /** Place in the list, and epoch ms at which the machine goes or went. */
  readonly going: readonly (readonly [index: number, at: number])[];
  /** To be sent back as a signal: what this list says that the monitor did not know. */
  readonly news?: HostNews;
}

export interface HostNews {
  readonly v: 1;
  /** Hosts that no sweep has shown: AWS has to be asked about them by id. */
  readonly strangers: readonly (readonly [machineId: string, name: string])[];
  /** Machines that Host Factory no longer asks about. */
  readonly dropped: readonly string[];
  /** Machines that it has under other names than they were reported under; '' where that is over. */
  readonly misnamed?: readonly (readonly [machineId: string, name: string])[];
}

/** Memo of the monitor under the key `hf`: the latest losses, for answers without any worker. */
export interface LossMemo {
  readonly v: 1;
  readonly going: readonly (readonly [machineId: string, at: number])[];
  /** For `ohf health`. */
  readonly alarms?: readonly string[];
}
