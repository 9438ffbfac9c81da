import type { Observation } from '../domain/machine/machine.ts';
import type { PackedMachines } from '../domain/machine/packed.ts';
import type { Group, Launch, Shortage, LaunchedMachine } from '../domain/request/launch.ts';
import type { OrphanedGroup } from './machineRequest.ts';
import type { Template } from '../domain/template/template.ts';
import type { ReturnedMachine } from '../domain/return/input.ts';
import type { ResolvedTemplate } from '../domain/template/resolvedTemplate.ts';
import type { TerminateMachinesResult } from '../domain/request/returns.ts';
import type { Delivery } from '../domain/return/delivery.ts';

/**
 * The side effects that workflows ask for, lane by lane (see contract/taskQueues.ts). The workflows know only
 * these types; activities/ implements them. Every activity may run more than once.
 */
export interface LaunchActivities {
  /**
   * Makes what the launches of a request share (a launch template) and returns the parameters that every
   * launch of it is sent with. They stand in history from then on: a retry sends the same bytes. In a run after a
   * reset it looks first, and prepares nothing beside what it finds.
   */
  prepareLaunch(input: PrepareInput & RunOrigin): Promise<PrepareResult>;
  /**
   * Makes one launch, or finds out what an earlier attempt of it did. Never launches one token twice. A
   * group is given a few seconds to fill; one that takes longer comes back as `filling`. What is not prepared
   * yet it prepares, and keeps the parameters in Temporal before it sends them: a retry sends the same bytes. In a
   * run after a reset it looks before that, and sends nothing beside what it finds.
   */
  launchMachines(input: LaunchMachinesInput): Promise<LaunchMachinesResult>;
  /** Freezes a group at once, full or not, and lists it. Also looks again at one that is `settling`. */
  freezeGroup(input: GroupInput): Promise<LaunchResult>;
  /**
   * In a run after a reset that has not looked yet: all that the cloud shows of the request, whichever run launched it.
   * Tried until it can be read, for Host Factory may use it. Otherwise nothing, without a look.
   */
  discoverLaunched(input: DiscoverInput & RunOrigin): Promise<Discovery>;
}

export interface WaitActivities {
  /**
   * Waits until a group is full or the deadline comes, and freezes it then. Returns earlier, with the group
   * still `filling`, when it has new members and `reportSeconds` are over.
   */
  awaitGroup(input: AwaitGroupInput): Promise<LaunchResult>;
  /**
   * Waits until every machine is ready or has died, or until the deadline and a read after it; returns
   * nothing when no read came back until 20 minutes after it. Returns earlier when there is news and
   * `reportSeconds` are over, so that Host Factory can use the quick ones.
   */
  awaitReady(input: AwaitReadyInput): Promise<AwaitReadyResult>;
  /**
   * Waits until every machine is gone: seen terminated, or absent from two reads 20 minutes apart. Returns
   * those that are gone earlier, when there are some and `reportSeconds` are over.
   */
  awaitTerminated(input: AwaitTerminatedInput): Promise<readonly Observation[]>;
}

export interface TerminateActivities {
  /**
   * Asks AWS to terminate exactly these machines; one bad id never blocks the rest. When AWS takes no call
   * for 10 minutes, all are refused: the return is answered in bounded time, the owner tries again.
   * Groups that outlive their freeze are made smaller first.
   */
  terminateMachines(input: TerminateMachinesInput): Promise<TerminateMachinesResult>;
  /** Deletes groups of which no machine is left. */
  deleteGroups(input: DeleteGroupsInput): Promise<void>;
}

export interface ReadActivities {
  /** Finds the owner of each machine that Host Factory gave back and signals it. */
  deliverReturn(input: DeliverReturnInput): Promise<DeliverReturnResult>;
}

/**
 * ms after a deadline at which it is certain what a call before it did: AWS takes no request that was
 * signed more than 15 minutes ago, and shows what it made within 5.
 */
export const SETTLE_MS = 20 * 60_000;

/** Whose request it is; becomes tags on everything that is made for it. */
export interface OwnerTags {
  readonly deployment: string;
  readonly provider: string;
  readonly requestId: string;
}

export interface PrepareInput {
  readonly owner: OwnerTags;
  readonly template: Template;
  /** Machines asked for; absent from a worker of before. */
  readonly count?: number;
  /** Epoch ms: the time of the request, and that after which nothing is launched for it. */
  readonly createdAt: number;
  readonly deadline: number;
  /** What an earlier preparation of this request found out. */
  readonly resolvedTemplate?: ResolvedTemplate;
}

/** Whose, and by which way they were to be launched. */
export type DiscoverInput = Pick<PrepareInput, 'owner' | 'template'>;

/**
 * Where a run of the workflow comes from. One after a reset may not know what was launched before it. Only activities
 * compare these with the run that they work for: the workflow has to repeat the steps of the run before.
 */
export interface RunOrigin {
  /** The first one of the workflow. */
  readonly firstRunId: string;
  /** That in which was looked last for what others launched. */
  readonly discoveryRunId?: string;
}

/** What a run after a reset is told before it launches, or ends with less than was asked. */
export interface Discovery {
  /** The run that it was made in; absent when there was none. */
  readonly discoveryRunId?: string;
  /** Absent when there is nothing. */
  readonly discovered?: Discovered;
}

export interface Discovered {
  /** Dead ones as well: what was launched is not launched again. */
  readonly machines: PackedMachines;
  /** Also those that launch nothing any more. */
  readonly groups: readonly OrphanedGroup[];
}

/** The frozen part of a launch call; launches that are decided at once share it. What else stands in it is its provider's business alone. */
export interface LaunchParameters {
  readonly v: 1;
  readonly resolvedTemplate?: ResolvedTemplate;
}

export interface PrepareResult extends Discovery {
  /** Absent when something was found. */
  readonly parameters?: LaunchParameters;
}

export interface LaunchMachinesInput extends RunOrigin {
  readonly launch: Launch;
  /** Epoch ms: from then on nothing is sent; it is only found out what was launched. */
  readonly notAfter: number;
  readonly prepare: PrepareInput;
  /** Those of a launch that is prepared already. What is not, shares its parameters with no other. */
  readonly parameters?: LaunchParameters;
}

export interface LaunchMachinesResult extends LaunchResult, Discovery {
  /** Those of a launch that was not prepared before, unless it is certain that nothing was sent. */
  readonly parameters?: LaunchParameters;
  /** It could not be prepared now, and nothing was sent. */
  readonly needsPreparation?: true;
}

export interface LaunchResult {
  /** False: AWS could not be asked until 20 minutes after the deadline; ask again. */
  readonly isConclusive: boolean;
  readonly machines: readonly LaunchedMachine[];
  readonly shortages: readonly Shortage[];
  /** Of a launch that makes a group. */
  readonly group?: Group;
  /**
   * Of a group: `filling` while it may launch more; `settling` when it is frozen but something that it launched
   * before may still appear; absent when it is frozen and all that it will ever have is in `machines`.
   */
  readonly stage?: 'filling' | 'settling';
}

export interface GroupInput {
  readonly launch: Launch;
  readonly group: Group;
  /** Whose members they are: each gets it as a tag before it is reported. */
  readonly requestId: string;
  /** Units of the instance types that do not count for one. */
  readonly weights: Readonly<Record<string, number>>;
  /** Members reported so far. */
  readonly knownMembers: number;
  /** Members at an earlier freeze: a second look that finds no more ends the settling. */
  readonly membersAtFreeze?: number;
  /** Epoch ms: the group is frozen then, full or not. */
  readonly deadline: number;
}

export interface AwaitGroupInput extends GroupInput {
  readonly reportSeconds: number;
}

export interface DeleteGroupsInput {
  readonly groups: readonly Group[];
}

export interface AwaitReadyInput {
  readonly machineIds: readonly string[];
  /** Epoch ms. */
  readonly deadline: number;
  readonly reportSeconds: number;
}

export interface AwaitReadyResult {
  /** Of the machines of which there is something to say. */
  readonly observations: readonly Observation[];
  /** The last word: read at or after the deadline, or nothing could be read long after it. */
  readonly isFinal: boolean;
}

export interface AwaitTerminatedInput {
  readonly machineIds: readonly string[];
  readonly reportSeconds: number;
}

export interface TerminateMachinesInput {
  readonly machineIds: readonly string[];
  /** Groups that some of the machines may belong to. */
  readonly groups?: readonly Group[];
}

export interface DeliverReturnInput {
  readonly deployment: string;
  readonly provider: string;
  readonly returnId: string;
  /** Epoch ms of Host Factory's call: a name means a machine launched before it. */
  readonly createdAt: number;
  /** Names that call in logs. */
  readonly callId?: string;
  /** `index` is the place in Host Factory's list. */
  readonly machines: readonly (ReturnedMachine & {
    readonly index: number;
    /** Delivered before: what was seen then is not repeated, and an owner that gives it back is left in peace. */
    readonly wasDelivered: boolean;
  })[];
}

/** Lacks machines that were delivered before and are still being given back by their owners. */
export interface DeliverReturnResult {
  readonly deliveries: readonly Delivery[];
}

/**
 * Types of the ApplicationFailures that workflows tell apart. The first detail is the cloud's own code.
 * Everything else that fails is retried by Temporal.
 */
export const LAUNCH_REJECTED = 'LaunchRejected';
/** What was prepared for the launch no longer exists; a new launch may be prepared and made. */
export const LAUNCH_STALE = 'LaunchStale';
