import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { LaunchResult, PrepareInput } from '../../../../contract/activities.ts';
import type { AwsLaunchParameters } from '../launchParameters.ts';
import type { Launch, Shortage } from '../../../../domain/request/launch.ts';
import type { ProviderApi } from '../../../../domain/template/template.ts';

/** A launch method that is one call whose response names all machines. */
export interface CallLaunchMethod<P extends AwsLaunchParameters = AwsLaunchParameters> {
  /** Resolves everything that a launch call of this request contains. @throws ProviderError */
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Exactly one mutating call with the launch's token. The same launch and parameters produce the same bytes, so AWS
   * answers a repetition with the first outcome. @throws ProviderError
   */
  launch(launch: Launch, parameters: P): Promise<LaunchResult>;
}

/** A launch method that creates a group, which launches until it is frozen. */
export interface GroupLaunchMethod<P extends AwsLaunchParameters = AwsLaunchParameters> {
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Creates the group, or finds the one of an earlier call (`isRepeat`). Where AWS supports it, the group launches
   * nothing after `notAfter` (epoch ms).
   * @returns the group's id @throws ProviderError
   */
  create(launch: Launch, parameters: P, notAfter: number, isRepeat: boolean): Promise<string>;
  /** The id of the group that an earlier attempt created, if there is one. */
  find(launch: Launch): Promise<string | undefined>;
  /** The status of groups; those unknown to AWS are missing. */
  describe(groupIds: readonly string[]): Promise<readonly GroupStatus[]>;
  /** All groups that AWS lists and that may belong to this deployment. */
  list(deployment: string): Promise<readonly ListedGroup[]>;
  /** The group survives its last machine and must be deleted. */
  readonly mustBeDeleted?: true;
  /** The tag that AWS puts on members; its value is the group id. */
  readonly memberTag: string;
  /** Stops the group from launching, replacing or removing machines. Repeatable. */
  freeze(groupId: string): Promise<void>;
  /** Why it is not full, according to AWS's history of the group. */
  shortages(groupId: string): Promise<readonly Shortage[]>;
}

export interface GroupStatus {
  readonly id: string;
  /** It no longer launches anything. */
  readonly isFrozen: boolean;
}

export interface ListedGroup extends GroupStatus {
  readonly tags: Readonly<Record<string, string>>;
}

export type CallMethodName = 'ec2FleetInstant' | 'runInstances';
export type GroupMethodName = Exclude<AwsLaunchParameters['launchMethod'], CallMethodName>;

/** All launch methods, by the name in the launch parameters. */
export interface LaunchMethods {
  readonly calls: Readonly<Record<CallMethodName, CallLaunchMethod>>;
  readonly groups: Readonly<Record<GroupMethodName, GroupLaunchMethod>>;
}

/** The launch method for a template's `providerApi`. */
const METHOD_BY_PROVIDER_API: Readonly<Record<ProviderApi, AwsLaunchParameters['launchMethod']>> = {
  EC2Fleet: 'ec2FleetInstant',
  EC2FleetRequest: 'ec2FleetRequest',
  EC2FleetMaintain: 'ec2FleetMaintain',
  SpotFleetRequest: 'spotFleetRequest',
  SpotFleetMaintain: 'spotFleetMaintain',
  RunInstances: 'runInstances',
  AutoScalingGroup: 'autoScaling',
};

export const methodNameFor = (api: ProviderApi = 'EC2Fleet'): AwsLaunchParameters['launchMethod'] =>
  METHOD_BY_PROVIDER_API[api];

export function methodFor(
  methods: LaunchMethods,
  api: ProviderApi | undefined,
): CallLaunchMethod | GroupLaunchMethod {
  const name = methodNameFor(api);
  return isGroupMethod(name) ? methods.groups[name] : methods.calls[name];
}

export const isGroupMethod = (name: AwsLaunchParameters['launchMethod']): name is GroupMethodName =>
  name !== 'ec2FleetInstant' && name !== 'runInstances';

/** The launch method that created a group. @throws ProviderError for a name that only a newer release knows */
export function groupMethodNamed(methods: LaunchMethods, name: string): GroupLaunchMethod {
  const found = Object.entries(methods.groups).find(([methodName]) => methodName === name);
  if (found) return found[1];
  throw new ProviderError('ambiguous', 'UnknownLaunchMethod', `This release has no launch method '${name}'.`);
}
