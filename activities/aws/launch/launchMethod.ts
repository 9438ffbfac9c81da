import { ProviderError } from '../../../domain/errors/errors.ts';
import type { AcquireResult, PrepareInput } from '../../../contract/activities.ts';
import type { AwsLaunchParameters } from './launchParameters.ts';
import type { Launch, Shortage } from '../../../domain/request/launch.ts';
import type { ProviderApi } from '../../../domain/template/template.ts';

/** One way to get machines from AWS by a call whose answer names them all. */
export interface CallManager<P extends AwsLaunchParameters = AwsLaunchParameters> {
  /** Freezes everything that a launch call of this request says. @throws ProviderError */
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Exactly one mutating call, with the launch's token. The same launch and parameters make the same
   * bytes, so that AWS answers a repetition with the first outcome. @throws ProviderError
   */
  launch(launch: Launch, parameters: P): Promise<AcquireResult>;
}

/** One way to get machines from AWS by a group, which launches by itself until it is frozen. */
export interface GroupManager<P extends AwsLaunchParameters = AwsLaunchParameters> {
  prepare(input: PrepareInput): Promise<P>;
  /**
   * Makes the group, or finds the one that an earlier call made when there may have been one (`again`). AWS is
   * told to launch nothing for it after `notAfter` (epoch ms) where it can be told.
   * @returns the group's id @throws ProviderError
   */
  create(launch: Launch, parameters: P, notAfter: number, again: boolean): Promise<string>;
  /** The id of the group that an earlier attempt made, if there is one. */
  find(launch: Launch): Promise<string | undefined>;
  /** Where groups stand; one that AWS does not know is missing. */
  look(groupIds: readonly string[]): Promise<readonly GroupView[]>;
  /** All that AWS lists and that may be of this deployment. */
  list(deployment: string): Promise<readonly ListedGroup[]>;
  /** It stays when its last machine is gone. */
  readonly outlives?: true;
  /** The tag by which AWS marks the members; its value is the group's id. */
  readonly memberTag: string;
  /** From then on the group launches nothing and takes nothing away. May be repeated. */
  freeze(groupId: string): Promise<void>;
  /** Why it is not full, as AWS's history of it says. */
  shortages(groupId: string): Promise<readonly Shortage[]>;
}

export interface GroupView {
  readonly id: string;
  /** It launches nothing any more. */
  readonly frozen: boolean;
}

export interface ListedGroup extends GroupView {
  readonly tags: Readonly<Record<string, string>>;
}

export type CallManagerName = 'ec2FleetInstant' | 'runInstances';
export type GroupManagerName = Exclude<AwsLaunchParameters['manager'], CallManagerName>;

/** All ways to get machines, by the name that stands in a launch's parameters. */
export interface Managers {
  readonly calls: Readonly<Record<CallManagerName, CallManager>>;
  readonly groups: Readonly<Record<GroupManagerName, GroupManager>>;
}

/** Which manager a template asks for. */
const BY_API: Readonly<Record<ProviderApi, AwsLaunchParameters['manager']>> = {
  EC2Fleet: 'ec2FleetInstant',
  EC2FleetRequest: 'ec2FleetRequest',
  EC2FleetMaintain: 'ec2FleetMaintain',
  SpotFleetRequest: 'spotFleetRequest',
  SpotFleetMaintain: 'spotFleetMaintain',
  RunInstances: 'runInstances',
  AutoScalingGroup: 'autoScaling',
};

export const managerNameFor = (api: ProviderApi = 'EC2Fleet'): AwsLaunchParameters['manager'] => BY_API[api];

export function managerFor(managers: Managers, api: ProviderApi | undefined): CallManager | GroupManager {
  const name = managerNameFor(api);
  return isGroup(name) ? managers.groups[name] : managers.calls[name];
}

export const isGroup = (name: AwsLaunchParameters['manager']): name is GroupManagerName =>
  name !== 'ec2FleetInstant' && name !== 'runInstances';

/** The manager that made a group. @throws ProviderError for a name that only a newer release knows */
export function groupManager(managers: Managers, name: string): GroupManager {
  const found = Object.entries(managers.groups).find(([own]) => own === name);
  if (found) return found[1];
  throw new ProviderError(
    'ambiguous',
    'UnknownManager',
    `This release knows no way to launch named '${name}'.`,
  );
}
