import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DescribeScalingActivitiesCommand,
  paginateDescribeAutoScalingGroups,
  SetDesiredCapacityCommand,
  SuspendProcessesCommand,
  type AutoScalingGroup,
  type CreateAutoScalingGroupCommandInput,
  type DescribeAutoScalingGroupsCommandInput,
  type LaunchTemplateOverrides,
} from '@aws-sdk/client-auto-scaling';
import type { AutoScalingParameters, LaunchOverride } from './launchParameters.ts';
import type { Launch } from '../../../domain/request/launch.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import type { AwsClients } from '../client/clients.ts';
import { brief, toReadFailure } from '../../runtime/failures.ts';
import { told } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import type { ShortageMemory } from './unavailableOfferings.ts';
import { launchTags, onDemandStrategyOf, onDemandUnits, preparePools, typeOf } from './fleetInput.ts';
import { TAG, tagsOf } from '../tags.ts';
import type { GroupManager } from './launchMethod.ts';

/** All that could replace, move or take away a machine. `Launch` follows when the group is full. */
const NEVER_WANTED = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'InstanceRefresh',
];

/**
 * An Auto Scaling group of its own for each launch. It is made empty and told what it may not do before it is
 * given its size, so that there is no moment at which it could take a machine away. Frozen is a group whose
 * `Launch` is suspended as well; it stays for the operator to see and is deleted with its last machine.
 */
export function autoScaling(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  shortages: ShortageMemory,
): GroupManager<AutoScalingParameters> {
  return {
    async prepare(input) {
      const pools = await preparePools(input, launchTemplates, shortages, 'group');
      return { ...pools, manager: 'autoScaling' };
    },

    // Each of the three calls may be repeated; the name stands for the token.
    async create(launch, parameters) {
      const AutoScalingGroupName = groupName(launch);
      try {
        await clients.scaling.send(new CreateAutoScalingGroupCommand(groupInput(launch, parameters)));
      } catch (error) {
        const failure = toProviderError(error);
        if (failure.providerCode !== 'AlreadyExists')
          throw isTemplateGone(failure) ? stale(failure) : failure;
      }
      try {
        await clients.scaling.send(
          new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: NEVER_WANTED }),
        );
        await clients.scaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: launch.units }),
        );
      } catch (error) {
        // It will never get a machine: an empty group is not left behind.
        if (toProviderError(error).kind === 'permanent')
          await removeGroup(clients, AutoScalingGroupName, false).catch(() => undefined);
        throw error;
      }
      return AutoScalingGroupName;
    },

    async find(launch) {
      for await (const { id } of groups(clients, named([groupName(launch)]))) return id;
      return undefined;
    },

    async look(groupIds) {
      const views = [];
      for await (const { id, group } of groups(clients, named(groupIds)))
        views.push({ id, frozen: isFrozen(group) });
      return views;
    },

    async list(deployment) {
      const listed = [];
      const ours = { Filters: [{ Name: `tag:${TAG.deployment}`, Values: [deployment] }] };
      for await (const { id, group } of groups(clients, ours))
        listed.push({ id, frozen: isFrozen(group), tags: tagsOf(group.Tags) });
      return listed;
    },

    memberTag: 'aws:autoscaling:groupName',

    outlives: true,

    async freeze(AutoScalingGroupName) {
      const ScalingProcesses = [...NEVER_WANTED, 'Launch'];
      await unlessGone(clients, AutoScalingGroupName, () =>
        clients.scaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses })),
      );
    },

    async shortages(AutoScalingGroupName) {
      const { Activities = [] } = await clients.scaling.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: 100 }),
      );
      return Activities.filter(({ StatusCode }) => StatusCode === 'Failed').map(({ StatusMessage = '' }) => ({
        pool: AutoScalingGroupName,
        // The code stands inside the text, e.g. "... (InsufficientInstanceCapacity) ..." or before a dash.
        code: /\b([A-Z][a-z]+[A-Z]\w+)\b/.exec(StatusMessage)?.[1] ?? 'Failed',
        message: brief(StatusMessage),
      }));
    },
  };
}

export interface GroupSizes {
  /** Lowers what frozen groups want by machines that are about to be terminated: their size stays true. */
  shrink(groupIds: readonly string[], victims: readonly string[]): Promise<void>;
  /** Deletes a group and whatever may still be in it. One that does not exist is deleted already. */
  remove(groupId: string): Promise<void>;
}

/** Remembers who was to go: of returns that race, each may still see the victims of the others in the group. */
export function createGroupSizes(clients: AwsClients): GroupSizes {
  const leaving = new Map<string, Set<string>>();
  return {
    async shrink(groupIds, victims) {
      for (const id of groupIds) leaving.set(id, new Set([...(leaving.get(id) ?? []), ...victims]));
      for await (const { id, group } of groups(clients, named(groupIds))) {
        const members = group.Instances ?? [];
        const kept = members.filter(({ InstanceId = '' }) => !leaving.get(id)?.has(InstanceId));
        // Protection and suspended processes hold for what is in service alone: AWS might take one that boots instead.
        if (kept.some(({ LifecycleState }) => LifecycleState !== 'InService')) continue;
        // Absolute, so that a repetition changes nothing.
        const DesiredCapacity = Math.min(unitsOf(kept), group.DesiredCapacity ?? 0);
        if (DesiredCapacity === group.DesiredCapacity) continue;
        await clients.scaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName: id, DesiredCapacity }),
        );
      }
    },
    async remove(groupId) {
      await removeGroup(clients, groupId, true);
      leaving.delete(groupId);
    },
  };
}

/** @param ForceDelete also with what is in it */
const removeGroup = (clients: AwsClients, groupId: string, ForceDelete: boolean): Promise<void> =>
  unlessGone(clients, groupId, () =>
    clients.scaling.send(new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: groupId, ForceDelete })),
  );

/** What AWS says of a change to a group that does not exist, or is being deleted. */
const GONE: ReadonlySet<string> = new Set(['ValidationError', 'ScalingActivityInProgress', 'ResourceInUse']);

/** Of a group that does not exist, or is being deleted, nothing has to be changed any more. */
async function unlessGone(
  clients: AwsClients,
  groupId: string,
  change: () => Promise<unknown>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!GONE.has(toProviderError(error).providerCode)) throw error;
    for await (const { group } of groups(clients, named([groupId])))
      if (group.Status === undefined) throw error;
  }
}

/** Auto Scaling has no code of its own for it: "You must use a valid fully-formed launch template. ", and EC2's words. */
const isTemplateGone = ({ providerCode, message }: ProviderError): boolean =>
  providerCode === 'ValidationError' && /launch template, with template ID \S+, does not exist/.test(message);

const stale = ({ providerCode, message }: ProviderError): ProviderError =>
  new ProviderError('stale', providerCode, message);

/** At most 255 characters without a colon (AWS). */
const groupName = ({ token }: Launch): string => `ohf-${token}`;

function groupInput(launch: Launch, parameters: AutoScalingParameters): CreateAutoScalingGroupCommandInput {
  const AutoScalingGroupName = groupName(launch);
  const { priceType, overrides, spotAllocationStrategy, spotPools } = parameters;
  const heaviest = Math.max(...overrides.map(({ weight = 1 }) => weight));
  return {
    AutoScalingGroupName,
    MinSize: 0,
    // With weights AWS may go over the size by less than one machine.
    MaxSize: launch.units + heaviest - 1,
    DesiredCapacity: 0,
    VPCZoneIdentifier: [...new Set(overrides.map(({ subnetId }) => subnetId))].join(','),
    NewInstancesProtectedFromScaleIn: true,
    MixedInstancesPolicy: {
      LaunchTemplate: {
        LaunchTemplateSpecification: {
          LaunchTemplateId: parameters.launchTemplateId,
          Version: parameters.launchTemplateVersion,
        },
        Overrides: distinctTypes(overrides).map(({ weight, ...choice }) => ({
          ...(typeOf(choice) as Pick<LaunchTemplateOverrides, 'InstanceType' | 'InstanceRequirements'>),
          ...(weight === undefined ? {} : { WeightedCapacity: String(weight) }),
        })),
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: onDemandStrategyOf(parameters),
        OnDemandBaseCapacity: onDemandUnits(launch, parameters),
        // All that is bought on demand stands in the base: the group's own share would be rounded otherwise.
        OnDemandPercentageAboveBaseCapacity: priceType === 'spot' ? 0 : 100,
        ...(priceType === 'spot' ? { SpotAllocationStrategy: spotAllocationStrategy } : {}),
        ...(priceType === 'spot' && spotPools !== undefined ? { SpotInstancePools: spotPools } : {}),
        ...(overrides[0]?.maxPrice === undefined ? {} : { SpotMaxPrice: overrides[0].maxPrice }),
      },
    },
    Tags: launchTags(launch, parameters.tags).map((tag) => ({
      ...tag,
      ResourceId: AutoScalingGroupName,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: true,
    })),
  };
}

/** A group crosses its types with its subnets by itself. */
const distinctTypes = (overrides: readonly LaunchOverride[]): LaunchOverride[] => [
  ...new Map(overrides.map((override) => [override.instanceType, override])).values(),
];

const unitsOf = (members: NonNullable<AutoScalingGroup['Instances']>): number =>
  members.reduce((units, member) => units + Number(member.WeightedCapacity ?? 1), 0);

const isFrozen = ({ SuspendedProcesses = [] }: AutoScalingGroup): boolean =>
  SuspendedProcesses.some(({ ProcessName }) => ProcessName === 'Launch');

const named = (names: readonly string[]): DescribeAutoScalingGroupsCommandInput => ({
  AutoScalingGroupNames: [...names],
});

/** AWS would take an empty list of names for all groups. */
async function* groups(
  clients: AwsClients,
  which: DescribeAutoScalingGroupsCommandInput,
): AsyncGenerator<{ readonly id: string; readonly group: AutoScalingGroup }> {
  if (which.AutoScalingGroupNames?.length === 0) return;
  const pages = paginateDescribeAutoScalingGroups({ client: clients.scaling }, which);
  try {
    for await (const { AutoScalingGroups } of pages)
      for (const group of told(AutoScalingGroups, 'list of groups'))
        yield { id: group.AutoScalingGroupName ?? '', group };
  } catch (error) {
    throw toReadFailure(error);
  }
}
