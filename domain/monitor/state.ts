import type { MonitorInput } from './messages.ts';
import type {
  LiveMachine,
  UnlistedMachine,
  HostListSummary,
  LostMachine,
  SuspectMachine,
  UnacknowledgedRules,
} from './records.ts';

/** State of the monitor of a provider. Only the reducer creates a new one. */
export interface MonitorState {
  readonly input: MonitorInput;
  /** Epoch ms at which the first run started. */
  readonly since: number;
  /** Snapshot of the last sweep. */
  readonly snapshotId: string;
  /** Whether this run or an earlier one has read AWS completely. */
  readonly isReady: boolean;
  /** Machines of ours that are alive, by id. */
  readonly liveMachines: ReadonlyMap<string, LiveMachine>;
  /** A full snapshot of which parts are still to come; it then replaces `liveMachines`. */
  readonly pendingSnapshot: ReadonlyMap<string, LiveMachine> | undefined;
  /**
   * Whether the machines belong to this namespace: none was alive at first, or at least one has an owner. Until then
   * the monitor adopts none.
   */
  readonly ownsFleet: boolean;
  /** Requests whose machines have no open owner. */
  readonly ownerlessRequests: readonly string[];
  /** The ownerless requests that have a group which may still launch or has to be deleted. */
  readonly ownerlessWithGroups: readonly string[];
  /** The ownerless requests that were passed to an adopter. */
  readonly adoptedRequests: readonly string[];
  /** Requests that an operator wants adopted, ignoring the rules. */
  readonly forcedAdoptions: readonly string[];
  /** The worker's settings for the release of unacknowledged machines. */
  readonly rules: UnacknowledgedRules | undefined;
  /** Machines that Host Factory's list lacks, although they are old enough to be listed. */
  readonly unlistedMachines: ReadonlyMap<string, UnlistedMachine>;
  /** The last list that was counted. */
  readonly lastHostList: HostListSummary | undefined;
  /** The Symphony cluster that the deployment belongs to: the first caller; '' until then. */
  readonly cluster: string;
  /** Another cluster and its latest call, epoch ms: the monitor adopts and releases nothing until it stops calling. */
  readonly foreignCluster: { readonly cluster: string; readonly at: number } | undefined;
  readonly lostMachines: ReadonlyMap<string, LostMachine>;
  readonly suspects: ReadonlyMap<string, SuspectMachine>;
  /** Why the worker receives no interruption notices; '' if it does, or is not set up to. */
  readonly interruptionListenerError: string;
  /** Host Factory's names, by machineId, where they differ from the reported ones. */
  readonly hostNameMismatches: ReadonlyMap<string, string>;
}

/** The name that was reported for a machine, if the monitor knows it; else ''. */
export const reportedNameOf = ({ liveMachines, lostMachines }: MonitorState, machineId: string): string =>
  liveMachines.get(machineId)?.name ?? lostMachines.get(machineId)?.name ?? '';

export const lostMachinesToQuery = (state: MonitorState, now: number): LostMachine[] =>
  lostMachinesWhere(
    state,
    (lostMachine) => lostMachine.stage === 'unqueried' && lostMachine.queryAfter <= now,
  );

/** Their owners do not know yet that they ended. */
export const lostMachinesToNotify = (state: MonitorState): LostMachine[] =>
  lostMachinesWhere(
    state,
    (lostMachine) =>
      lostMachine.stage === 'reported' && !lostMachine.isOwnerNotified && lostMachine.state === 'terminated',
  );

export const suspectsToDescribe = (state: MonitorState, now: number): SuspectMachine[] =>
  [...state.suspects.values()].filter((suspect) => suspect.nextReadAt <= now);

/** Unlisted machines of which the monitor does not know whether Host Factory acknowledged them. */
export const unlistedMachinesToQuery = (state: MonitorState, now: number): UnlistedMachine[] =>
  [...state.unlistedMachines.values()].filter(
    ({ ownershipStatus, queryAfter }) => ownershipStatus === 'unqueried' && queryAfter <= now,
  );

const lostMachinesWhere = (
  state: MonitorState,
  predicate: (lostMachine: LostMachine) => boolean,
): LostMachine[] => [...state.lostMachines.values()].filter(predicate);
