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
 * The activities of requests and returns, by task queue (see contract/taskQueues.ts). Workflows know only these types;
 * activities/ implements them. Every activity may run more than once.
 */
export interface LaunchActivities {
  /**
   * Creates what the launches of a request share (a launch template) and returns the parameters of every launch. The
   * history keeps them, so that a retry sends the same bytes. In a run after a reset it first discovers what earlier
   * runs launched, and prepares nothing if there is something.
   */
  prepareLaunch(input: PrepareInput & RunOrigin): Promise<PrepareResult>;
  /**
   * Sends one launch, or discovers what an earlier attempt launched. Never launches one token twice. A group has a few
   * seconds to fill; one that takes longer is returned as `filling`. An unprepared launch is prepared first: a heartbeat
   * records its parameters before they are sent, so that a retry sends the same bytes. In a run after a reset the
   * activity first discovers what earlier runs launched, and sends nothing if there is something.
   */
  launchMachines(input: LaunchMachinesInput): Promise<LaunchMachinesResult>;
  /** Freezes a group at once, full or not, and lists its members. Lists a `settling` group again. */
  freezeGroup(input: GroupInput): Promise<LaunchResult>;
  /**
   * Discovers every machine and group of the request, whichever run launched them, if this run follows a reset and has
   * not discovered them yet. Retries until the cloud can be read, because Host Factory may use the machines. Otherwise
   * returns nothing and reads nothing.
   */
  discoverLaunched(input: DiscoverInput & RunOrigin): Promise<Discovery>;
}

export interface WaitActivities {
  /**
   * Waits until a group is full or the deadline passes, then freezes it. Returns earlier, with the group still
   * `filling`, if it has new members after `reportSeconds`.
   */
  awaitGroup(input: AwaitGroupInput): Promise<LaunchResult>;
  /**
   * Waits until every machine is ready or terminated, or until a read after the deadline; returns nothing if no read
   * succeeds within 20 minutes of the deadline. Returns earlier if there is news after `reportSeconds`, so that Host
   * Factory can use the machines that boot fast.
   */
  awaitReady(input: AwaitReadyInput): Promise<AwaitReadyResult>;
  /**
   * Waits until every machine is terminated: observed as terminated, or absent from two reads 20 minutes apart. Returns
   * earlier with the terminated machines, if there are some after `reportSeconds`. Machines that are still up by then are
   * returned too: AWS did not know them when they were terminated.
   */
  awaitTerminated(input: AwaitTerminatedInput): Promise<readonly Observation[]>;
}

export interface TerminateActivities {
  /**
   * Terminates exactly these machines; one invalid id does not block the others. If AWS accepts no call for 10 minutes,
   * all are refused: the return is answered in bounded time, and the owner retries. A group that would replace its
   * members (an Auto Scaling group) is made smaller first.
   */
  terminateMachines(input: TerminateMachinesInput): Promise<TerminateMachinesResult>;
  /** Deletes groups without machines. */
  deleteGroups(input: DeleteGroupsInput): Promise<void>;
}

export interface ReadActivities {
  /** Finds the owner of each returned machine and signals it. */
  deliverReturn(input: DeliverReturnInput): Promise<DeliverReturnResult>;
}

/**
 * ms after a deadline at which the result of every call before the deadline is certain: AWS rejects a request that was
 * signed more than 15 minutes ago, and shows what a call created within 5 minutes.
 */
export const SETTLE_MS = 20 * 60_000;

/** The request that a resource belongs to: the tags of everything that is created for it. */
export interface OwnerTags {
  readonly deployment: string;
  readonly provider: string;
  readonly requestId: string;
}

export interface PrepareInput {
  readonly owner: OwnerTags;
  readonly template: Template;
  /** Requested machines; absent in the input of an older worker. */
  readonly count?: number;
  /** Epoch ms of the request. */
  readonly createdAt: number;
  /** Epoch ms after which nothing is launched. */
  readonly deadline: number;
  /** What an earlier preparation of this request resolved. */
  readonly resolvedTemplate?: ResolvedTemplate;
}

/** The request, and the template that names the launch method. */
export type DiscoverInput = Pick<PrepareInput, 'owner' | 'template'>;

/**
 * Where a run of the workflow comes from. A run after a reset may not know what earlier runs launched. Only activities
 * compare these ids with the run that they work for, because the workflow has to replay the steps of the earlier run.
 */
export interface RunOrigin {
  /** The workflow's first run. */
  readonly firstRunId: string;
  /** The run that last discovered what other runs launched. */
  readonly discoveryRunId?: string;
}

/** What a run after a reset learns before it launches, or before it settles with fewer machines than requested. */
export interface Discovery {
  /** The run of the discovery; absent if there was none. */
  readonly discoveryRunId?: string;
  /** Absent if there is nothing. */
  readonly discovered?: Discovered;
}

export interface Discovered {
  /** Terminated machines as well: they are not launched again. */
  readonly machines: PackedMachines;
  /** Frozen groups as well. */
  readonly groups: readonly OrphanedGroup[];
}

/**
 * The parameters of a launch call; launches that are decided together share them. The provider adds fields that only it
 * reads.
 */
export interface LaunchParameters {
  readonly v: 1;
  readonly resolvedTemplate?: ResolvedTemplate;
}

export interface PrepareResult extends Discovery {
  /** Absent if something was discovered. */
  readonly parameters?: LaunchParameters;
}

export interface LaunchMachinesInput extends RunOrigin {
  readonly launch: Launch;
  /** Epoch ms from which nothing is sent: the activity only discovers what was launched. */
  readonly notAfter: number;
  readonly prepare: PrepareInput;
  /** Present if the launch is prepared. An unprepared launch shares its parameters with no other. */
  readonly parameters?: LaunchParameters;
}

export interface LaunchMachinesResult extends LaunchResult, Discovery {
  /** The parameters of a launch that the activity prepared, unless it is certain that nothing was sent. */
  readonly parameters?: LaunchParameters;
  /** The launch could not be prepared now, and nothing was sent. */
  readonly needsPreparation?: true;
}

export interface LaunchResult {
  /** False if AWS could not be read until 20 minutes after the deadline: the caller retries. */
  readonly isConclusive: boolean;
  readonly machines: readonly LaunchedMachine[];
  readonly shortages: readonly Shortage[];
  /** Present if the launch created a group. */
  readonly group?: Group;
  /**
   * `filling`: the group may launch more. `settling`: it is frozen, and machines that it launched before may still
   * appear. Absent: it is frozen, and `machines` is complete.
   */
  readonly stage?: 'filling' | 'settling';
}

export interface GroupInput {
  readonly launch: Launch;
  readonly group: Group;
  /** Each member is tagged with it before it is reported. */
  readonly requestId: string;
  /** Units of the instance types that count for more than one. */
  readonly weights: Readonly<Record<string, number>>;
  /** Members reported so far. */
  readonly knownMembers: number;
  /** Members at an earlier freeze: the settling ends when a second read shows no more. */
  readonly membersAtFreeze?: number;
  /** Epoch ms at which the group is frozen, full or not. */
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
  /** Only machines with news. */
  readonly observations: readonly Observation[];
  /** Read at or after the deadline, or nothing could be read long after it. */
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
  /** Epoch ms of Host Factory's call: a name means a machine that was launched before. */
  readonly createdAt: number;
  /** Identifies that call in logs. */
  readonly callId?: string;
  /** `index` is the position in Host Factory's list. */
  readonly machines: readonly (ReturnedMachine & {
    readonly index: number;
    /** An earlier delivery reached an owner: its observation is not repeated, and an owner that releases it is not signalled. */
    readonly wasDelivered: boolean;
  })[];
}

/** Without the machines that were delivered before and that their owners are still releasing. */
export interface DeliverReturnResult {
  readonly deliveries: readonly Delivery[];
}

/**
 * Types of ApplicationFailure that workflows handle. The first detail is the cloud's error code. Temporal retries every
 * other failure.
 */
export const LAUNCH_REJECTED = 'LaunchRejected';
/** What was prepared for the launch no longer exists; the workflow prepares and sends a new launch. */
export const LAUNCH_STALE = 'LaunchStale';
