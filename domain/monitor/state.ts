import type { MonitorInput } from './messages.ts';
import type {
  LiveMachine,
  UnlistedMachine,
  HostListSummary,
  LostMachine,
  SuspectMachine,
  UnacknowledgedRules,
} from './records.ts';

/** What the monitor of a provider instance knows. Only the reducer makes a new one. */
export interface MonitorState {
  readonly input: MonitorInput;
  /** Of the last sweep. */
  readonly snapshotId: string;
  /** Whether AWS was read completely, by this run or one before. */
  readonly isReady: boolean;
  /** Machines of ours that are alive, by id. */
  readonly liveMachines: ReadonlyMap<string, LiveMachine>;
  /** A list from the start that is still coming in; it then replaces `liveMachines`. */
  readonly pendingSnapshot: ReadonlyMap<string, LiveMachine> | undefined;
  /**
   * Whether this namespace is known to be the one of these machines: none was alive at first, or some had an owner.
   * Until then nobody takes them over.
   */
  readonly ownsFleet: boolean;
  /** Requests whose machines have no owner. */
  readonly ownerlessRequests: readonly string[];
  /** Of these, those that have a group which may still launch or has to be removed. */
  readonly ownerlessWithGroups: readonly string[];
  /** Of these, those whose machines were given to an adopter. */
  readonly adoptedRequests: readonly string[];
  /** Requests that an operator wants adopted, whatever the rules say. */
  readonly forcedAdoptions: readonly string[];
  /** The worker's settings of the rules by which machines are given back that nobody claims. */
  readonly rules: UnacknowledgedRules | undefined;
  /** Our machines that Host Factory's list lacks, though they are old enough to stand in it. */
  readonly unlistedMachines: ReadonlyMap<string, UnlistedMachine>;
  /** The last list that was counted. */
  readonly lastHostList: HostListSummary | undefined;
  /** The Symphony cluster that the deployment belongs to: the first one that asked; '' before. */
  readonly cluster: string;
  /** Another cluster that asked, and when last, epoch ms: nothing is swept until it has been silent for long. */
  readonly foreignCluster: { readonly cluster: string; readonly at: number } | undefined;
  readonly lostMachines: ReadonlyMap<string, LostMachine>;
  readonly suspects: ReadonlyMap<string, SuspectMachine>;
  /** Why what the cloud announces is not heard; '' when it is, or is not to be. */
  readonly interruptionListenerError: string;
  /** Names that Host Factory has for machines that it was told other names of. */
  readonly hostNameMismatches: ReadonlyMap<string, string>;
}

/** The name that a machine was reported under, if the monitor knows it; else ''. */
export const reportedNameOf = ({ liveMachines, lostMachines }: MonitorState, machineId: string): string =>
  liveMachines.get(machineId)?.name ?? lostMachines.get(machineId)?.name ?? '';

export const lostMachinesToQuery = (state: MonitorState, now: number): LostMachine[] =>
  lostMachinesWhere(
    state,
    (lostMachine) => lostMachine.stage === 'unqueried' && lostMachine.queryAfter <= now,
  );

/** Their owners' books are still open for them. */
export const lostMachinesToNotify = (state: MonitorState): LostMachine[] =>
  lostMachinesWhere(
    state,
    (lostMachine) =>
      lostMachine.stage === 'reported' && !lostMachine.isOwnerNotified && lostMachine.state === 'terminated',
  );

export const suspectsToDescribe = (state: MonitorState, now: number): SuspectMachine[] =>
  [...state.suspects.values()].filter((suspect) => suspect.nextReadAt <= now);

/** Absent machines whose owner is to say whether Host Factory ever read them. */
export const unlistedMachinesToQuery = (state: MonitorState, now: number): UnlistedMachine[] =>
  [...state.unlistedMachines.values()].filter(
    ({ ownershipStatus, queryAfter }) => ownershipStatus === 'unqueried' && queryAfter <= now,
  );

const lostMachinesWhere = (
  state: MonitorState,
  predicate: (lostMachine: LostMachine) => boolean,
): LostMachine[] => [...state.lostMachines.values()].filter(predicate);
