import { ProviderError } from '../../../../domain/errors/errors.ts';
import type { LaunchResult, PrepareInput } from '../../../../contract/activities.ts';
import type { AwsLaunchParameters } from '../launchParameters.ts';
import type { Launch, Shortage } from '../../../../domain/request/launch.ts';
import type { ProviderApi } from '../../../../domain/template/template.ts';

/** One way to get machines from AWS by a call whose answer names them all. */
export interface CallLaunchMethod<P extends AwsLaunchParameters = AwsLaunchParameters> {
  /** Freezes everything that a launch call of this request says. @throws ProviderError */
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Exactly one mutating call, with the launch's token. The same launch and parameters make the same
   * bytes, so that AWS answers a repetition with the first outcome. @throws ProviderError
   */
  launch(launch: Launch, parameters: P): Promise<LaunchResult>;
}

/** One way to get machines from AWS by a group, which launches by itself until it is frozen. */
export interface GroupLaunchMethod<P extends AwsLaunchParameters = AwsLaunchParameters> {
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Makes the group, or finds the one that an earlier call made when there may have been one (`isRepeat`). AWS is
   * told to launch nothing for it after `notAfter` (epoch ms) where it can be told.
   * @returns the group's id @throws ProviderError
   */
  create(launch: Launch, parameters: P, notAfter: number, isRepeat: boolean): Promise<string>;
  /** The id of the group that an earlier attempt made, if there is one. */
  find(launch: Launch): Promise<string | undefined>;
  /** Where groups stand; one that AWS does not know is missing. */
  describe(groupIds: readonly string[]): Promise<readonly GroupStatus[]>;
  /** All that AWS lists and that may be of this deployment. */
  list(deployment: string): Promise<readonly ListedGroup[]>;
  /** It stays when its last machine is gone. */
  readonly mustBeDeleted?: true;
  /** The tag by which AWS marks the members; its value is the group's id. */
  readonly memberTag: string;
  /** From then on the group launches nothing and takes nothing away. May be repeated. */
  freeze(groupId: string): Promise<void>;
  /** Why it is not full, as AWS's history of it says. */
  shortages(groupId: string): Promise<readonly Shortage[]>;
}

export interface GroupStatus {
  readonly id: string;
  /** It launches nothing any more. */
  readonly isFrozen: boolean;
}

export interface ListedGroup extends GroupStatus {
  readonly tags: Readonly<Record<string, string>>;
}

export type CallMethodName = 'ec2FleetInstant' | 'runInstances';
export type GroupMethodName = Exclude<AwsLaunchParameters['launchMethod'], CallMethodName>;

/** All ways to get machines, by the name that stands in a launch's parameters. */
export interface LaunchMethods {
  readonly calls: Readonly<Record<CallMethodName, CallLaunchMethod>>;
  readonly groups: Readonly<Record<GroupMethodName, GroupLaunchMethod>>;
}

/** Which manager a template asks for. */
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

/** The manager that made a group. @throws ProviderError for a name that only a newer release knows */
export function groupMethodNamed(methods: LaunchMethods, name: string): GroupLaunchMethod {
  const found = Object.entries(methods.groups).find(([methodName]) => methodName === name);
  if (found) return found[1];
  throw new ProviderError(
    'ambiguous',
    'UnknownLaunchMethod',
    `This release knows no way to launch named '${name}'.`,
  );
}
