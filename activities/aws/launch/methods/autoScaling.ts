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
import type { AutoScalingParameters, LaunchOverride } from '../launchParameters.ts';
import type { Launch } from '../../../../domain/request/launch.ts';
import type { AwsClients } from '../../client/clients.ts';
import { truncateMessage, toReadFailure } from '../../../runtime/failures.ts';
import { requireField } from '../../client/responseGuards.ts';
import { isAwsError, toAutoScalingError, toProviderError } from '../../client/errors.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import {
  launchTags,
  onDemandStrategyOf,
  onDemandUnits,
  prepareOfferings,
  instanceTypeOverride,
} from './fleetInput.ts';
import { TAG, fromAwsTags } from '../../tags.ts';
import type { GroupLaunchMethod } from './launchMethod.ts';
import { batchesOf } from '../../../../domain/request/launch.ts';

/** Processes that could replace, move or terminate a machine. `Launch` is suspended when the group is full. */
const SUSPENDED_PROCESSES = [
  'Terminate',
  'ReplaceUnhealthy',
  'AZRebalance',
  'AlarmNotification',
  'ScheduledActions',
  'InstanceRefresh',
];

/**
 * One Auto Scaling group per launch. It is created empty and its processes are suspended before it gets its size, so
 * that it can never terminate a machine. Freezing also suspends `Launch`. The group stays visible to operators and is
 * deleted with its last machine.
 */
export function createAutoScalingMethod(
  clients: AwsClients,
  launchTemplates: LaunchTemplates,
  unavailableOfferings: UnavailableOfferings,
): GroupLaunchMethod<AutoScalingParameters> {
  return {
    async prepare(input) {
      const prepared = await prepareOfferings(input, launchTemplates, unavailableOfferings, 'group');
      return { ...prepared, launchMethod: 'autoScaling' };
    },

    // All three calls are repeatable; the name acts as the token.
    async create(launch, parameters) {
      const AutoScalingGroupName = groupName(launch);
      try {
        await clients.autoScaling.send(
          new CreateAutoScalingGroupCommand(createGroupInput(launch, parameters)),
        );
      } catch (error) {
        if (!isAwsError(error, 'alreadyExists')) throw toAutoScalingError(error);
      }
      try {
        await clients.autoScaling.send(
          new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses: SUSPENDED_PROCESSES }),
        );
        await clients.autoScaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName, DesiredCapacity: launch.units }),
        );
      } catch (error) {
        // It will never get a machine, so do not leave an empty group behind.
        if (toProviderError(error).kind === 'permanent')
          await deleteGroup(clients, AutoScalingGroupName, false).catch(() => undefined);
        throw error;
      }
      return AutoScalingGroupName;
    },

    async find(launch) {
      for await (const { id } of describeByName(clients, [groupName(launch)])) return id;
      return undefined;
    },

    async describe(groupIds) {
      const views = [];
      for await (const { id, group } of describeByName(clients, groupIds))
        views.push({ id, isFrozen: isFrozen(group) });
      return views;
    },

    async list(deployment) {
      const listed = [];
      const ours = { Filters: [{ Name: `tag:${TAG.deployment}`, Values: [deployment] }] };
      for await (const { id, group } of describeGroups(clients, ours))
        listed.push({ id, isFrozen: isFrozen(group), tags: fromAwsTags(group.Tags) });
      return listed;
    },

    memberTag: 'aws:autoscaling:groupName',

    mustBeDeleted: true,

    async freeze(AutoScalingGroupName) {
      const ScalingProcesses = [...SUSPENDED_PROCESSES, 'Launch'];
      await ignoreNotFound(clients, AutoScalingGroupName, () =>
        clients.autoScaling.send(new SuspendProcessesCommand({ AutoScalingGroupName, ScalingProcesses })),
      );
    },

    async shortages(AutoScalingGroupName) {
      const { Activities = [] } = await clients.autoScaling.send(
        new DescribeScalingActivitiesCommand({ AutoScalingGroupName, MaxRecords: 100 }),
      );
      return Activities.filter(({ StatusCode }) => StatusCode === 'Failed').map(({ StatusMessage = '' }) => ({
        offering: AutoScalingGroupName,
        // The code is inside the text, e.g. "... (InsufficientInstanceCapacity) ..." or before a dash.
        code: /\b([A-Z][a-z]+[A-Z]\w+)\b/.exec(StatusMessage)?.[1] ?? 'Failed',
        message: truncateMessage(StatusMessage),
      }));
    },
  };
}

export interface GroupSizes {
  /** Lowers the desired capacity of frozen groups before machines are terminated. */
  reduceDesired(groupIds: readonly string[], machineIds: readonly string[]): Promise<void>;
  /** Deletes a group and its remaining machines; does nothing if the group does not exist. */
  deleteGroup(groupId: string): Promise<void>;
}

/** Remembers machines that are being terminated: concurrent returns may still see each other's in the group. */
export function createGroupSizes(clients: AwsClients): GroupSizes {
  const terminatingByGroup = new Map<string, Set<string>>();
  return {
    async reduceDesired(groupIds, machineIds) {
      for (const id of groupIds)
        terminatingByGroup.set(id, new Set([...(terminatingByGroup.get(id) ?? []), ...machineIds]));
      for await (const { id, group } of describeByName(clients, groupIds)) {
        const members = group.Instances ?? [];
        const remaining = members.filter(
          ({ InstanceId = '' }) => !terminatingByGroup.get(id)?.has(InstanceId),
        );
        // Scale-in protection and suspended processes apply only in service; AWS might terminate a booting machine.
        if (remaining.some(({ LifecycleState }) => LifecycleState !== 'InService')) continue;
        // Absolute, so repeatable.
        const DesiredCapacity = Math.min(unitsOf(remaining), group.DesiredCapacity ?? 0);
        if (DesiredCapacity === group.DesiredCapacity) continue;
        await clients.autoScaling.send(
          new SetDesiredCapacityCommand({ AutoScalingGroupName: id, DesiredCapacity }),
        );
      }
    },
    async deleteGroup(groupId) {
      await deleteGroup(clients, groupId, true);
      terminatingByGroup.delete(groupId);
    },
  };
}

/** @param ForceDelete also terminates its machines */
const deleteGroup = (clients: AwsClients, groupId: string, ForceDelete: boolean): Promise<void> =>
  ignoreNotFound(clients, groupId, () =>
    clients.autoScaling.send(
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: groupId, ForceDelete }),
    ),
  );

/** A group that does not exist or is being deleted needs no change. */
async function ignoreNotFound(
  clients: AwsClients,
  groupId: string,
  change: () => Promise<unknown>,
): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!isAwsError(error, 'groupMissing')) throw error;
    for await (const { group } of describeByName(clients, [groupId]))
      if (group.Status === undefined) throw error;
  }
}

/** At most 255 characters without a colon (AWS). */
const groupName = ({ token }: Launch): string => `ohf-${token}`;

function createGroupInput(
  launch: Launch,
  parameters: AutoScalingParameters,
): CreateAutoScalingGroupCommandInput {
  const AutoScalingGroupName = groupName(launch);
  const { priceType, overrides, spotAllocationStrategy, spotPools } = parameters;
  const heaviest = Math.max(...overrides.map(({ weight = 1 }) => weight));
  return {
    AutoScalingGroupName,
    MinSize: 0,
    // With weights AWS may exceed the size by less than one machine.
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
          ...(instanceTypeOverride(choice) as Pick<
            LaunchTemplateOverrides,
            'InstanceType' | 'InstanceRequirements'
          >),
          ...(weight === undefined ? {} : { WeightedCapacity: String(weight) }),
        })),
      },
      InstancesDistribution: {
        OnDemandAllocationStrategy: onDemandStrategyOf(parameters),
        OnDemandBaseCapacity: onDemandUnits(launch, parameters),
        // All on-demand units are in the base capacity: the percentage would be rounded.
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

/** The group itself combines its types with its subnets. */
const distinctTypes = (overrides: readonly LaunchOverride[]): LaunchOverride[] => [
  ...new Map(overrides.map((override) => [override.instanceType, override])).values(),
];

const unitsOf = (members: NonNullable<AutoScalingGroup['Instances']>): number =>
  members.reduce((units, member) => units + Number(member.WeightedCapacity ?? 1), 0);

const isFrozen = ({ SuspendedProcesses = [] }: AutoScalingGroup): boolean =>
  SuspendedProcesses.some(({ ProcessName }) => ProcessName === 'Launch');

/** AWS accepts no more names in a call than MaxRecords, which is 50 by default and 100 at most. */
const MAX_NAMES_PER_CALL = 100;

async function* describeByName(
  clients: AwsClients,
  names: readonly string[],
): ReturnType<typeof describeGroups> {
  for (const batch of batchesOf(names, MAX_NAMES_PER_CALL))
    yield* describeGroups(clients, { AutoScalingGroupNames: batch, MaxRecords: MAX_NAMES_PER_CALL });
}

async function* describeGroups(
  clients: AwsClients,
  filter: DescribeAutoScalingGroupsCommandInput,
): AsyncGenerator<{ readonly id: string; readonly group: AutoScalingGroup }> {
  const pages = paginateDescribeAutoScalingGroups({ client: clients.autoScaling }, filter);
  try {
    for await (const { AutoScalingGroups } of pages)
      for (const group of requireField(AutoScalingGroups, 'list of groups'))
        yield { id: group.AutoScalingGroupName ?? '', group };
  } catch (error) {
    throw toReadFailure(error);
  }
}
