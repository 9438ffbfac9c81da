import { termination } from '../ec2/actions/terminateInstances.ts';
import type { Call, Outcome } from '../protocol/call.ts';
import { AwsError } from '../protocol/errors.ts';
import { liveMembers, membersOf, unitsOf } from '../groups/group.ts';
import type { Group, Scaling } from '../state/model.ts';
import { flag, required, subtree, stringAt } from '../protocol/params.ts';
import { readPage } from '../protocol/filters.ts';
import { stateAt } from '../state/world.ts';
import type { Xml } from '../protocol/xml.ts';
import {
  findGroup,
  memberList,
  memberStrings,
  integerParameter,
  readGroupTags,
  readGroupCandidates,
  targetsOf,
  validationError,
  visibleGroups,
} from './read.ts';

const changeGroups = (...groups: Group[]): Outcome => ({ body: {}, change: { groups } });

/** CreateAutoScalingGroup: the name is the key; it launches after the response. */
export function createAutoScalingGroup(call: Call): Outcome {
  const { params } = call;
  const name = required(params, 'AutoScalingGroupName');
  if (name.length > 255 || name.includes(':')) throw validationError(`'${name}' is not a valid name.`);
  if (visibleGroups(call).some(({ id }) => id === name)) {
    throw new AwsError('AlreadyExists', `AutoScalingGroup by this name already exists - ${name}`);
  }
  const min = integerParameter(params, 'MinSize') ?? 0;
  const max = integerParameter(params, 'MaxSize') ?? 0;
  const subnetIds = (stringAt(params, 'VPCZoneIdentifier') ?? '').split(',').filter((id) => id !== '');
  if (subnetIds.length === 0) throw validationError('At least one subnet or Availability Zone is required.');
  const policy = subtree(params, 'MixedInstancesPolicy');
  const distribution = subtree(policy, 'InstancesDistribution') ?? {};
  const scaling: Scaling = {
    min,
    max,
    desired: integerParameter(params, 'DesiredCapacity') ?? min,
    onDemandBase: integerParameter(distribution, 'OnDemandBaseCapacity') ?? 0,
    onDemandPercent: policy
      ? (integerParameter(distribution, 'OnDemandPercentageAboveBaseCapacity') ?? 100)
      : 100,
    protectNew: flag(params, 'NewInstancesProtectedFromScaleIn') ?? false,
    protectedIds: [],
    suspended: [],
    subnetIds,
  };
  checkSize(scaling, scaling.desired);
  return changeGroups({
    id: name,
    kind: 'autoScaling',
    type: 'maintain',
    createdAt: call.now,
    ...readGroupTags(params),
    candidates: readGroupCandidates(call, subnetIds),
    targets: targetsOf(scaling, scaling.desired),
    excessPolicy: 'termination',
    state: 'active',
    evaluatedAt: call.now,
    memberIds: [],
    history: [],
    scaling,
  });
}

function checkSize({ min, max }: Scaling, desired: number): void {
  if (desired >= min && desired <= max) return;
  throw validationError(`New SetDesiredCapacity value ${desired} is not between min ${min} and max ${max}.`);
}

const resized = (group: Group, scaling: Scaling, desired: number): Group => ({
  ...group,
  scaling: { ...scaling, desired },
  targets: targetsOf(scaling, desired),
});

/** SetDesiredCapacity: absolute, within the bounds. */
export function setDesiredCapacity(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const desired = integerParameter(call.params, 'DesiredCapacity') ?? 0;
  checkSize(scaling, desired);
  return changeGroups(resized(group, scaling, desired));
}

/** UpdateAutoScalingGroup: its bounds, size and protection of new members. */
export function updateAutoScalingGroup(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const next: Scaling = {
    ...scaling,
    min: integerParameter(call.params, 'MinSize') ?? scaling.min,
    max: integerParameter(call.params, 'MaxSize') ?? scaling.max,
    protectNew: flag(call.params, 'NewInstancesProtectedFromScaleIn') ?? scaling.protectNew,
  };
  const desired = integerParameter(call.params, 'DesiredCapacity');
  if (desired !== undefined) checkSize(next, desired);
  const clamped = Math.min(next.max, Math.max(next.min, desired ?? scaling.desired));
  return changeGroups(resized(group, next, clamped));
}

/** SuspendProcesses and ResumeProcesses: those named, or all. */
export function suspendProcesses(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const suspended = [...new Set([...scaling.suspended, ...readProcesses(call)])];
  return changeGroups({ ...group, scaling: { ...scaling, suspended } });
}

export function resumeProcesses(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const named = readProcesses(call);
  const suspended = scaling.suspended.filter((process) => !named.includes(process));
  return changeGroups({ ...group, scaling: { ...scaling, suspended } });
}

const scalingProcesses = [
  'Launch',
  'Terminate',
  'AddToLoadBalancer',
  'AlarmNotification',
  'AZRebalance',
  'HealthCheck',
  'InstanceRefresh',
  'ReplaceUnhealthy',
  'ScheduledActions',
];

function readProcesses(call: Call): string[] {
  const named = memberStrings(call.params, 'ScalingProcesses');
  for (const name of named) {
    if (!scalingProcesses.includes(name))
      throw validationError(`'${name}' is not a valid scaling process type.`);
  }
  return named.length > 0 ? named : scalingProcesses;
}

/** SetInstanceProtection: at most 50, all of them members. */
export function setInstanceProtection(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const ids = readMemberIds(call, group, 50);
  const others = scaling.protectedIds.filter((id) => !ids.includes(id));
  const protectedIds = flag(call.params, 'ProtectedFromScaleIn') === true ? [...others, ...ids] : others;
  return changeGroups({ ...group, scaling: { ...scaling, protectedIds } });
}

/** DetachInstances: at most 20, which keep running outside the group. */
export function detachInstances(call: Call): Outcome {
  const { group, scaling } = findGroup(call);
  const ids = readMemberIds(call, group, 20);
  const detached = { ...group, memberIds: group.memberIds.filter((id) => !ids.includes(id)) };
  if (flag(call.params, 'ShouldDecrementDesiredCapacity') !== true) return changeGroups(detached);
  const units = unitsOf(group, membersOf(call.world, { ...group, memberIds: ids }));
  return changeGroups(resized(detached, scaling, scaling.desired - units));
}

function readMemberIds(call: Call, group: Group, max: number): string[] {
  const ids = memberStrings(call.params, 'InstanceIds');
  if (ids.length === 0 || ids.length > max) throw validationError(`1 to ${max} InstanceIds are allowed.`);
  for (const id of ids) {
    if (!group.memberIds.includes(id))
      throw validationError(`The instance ${id} is not part of Auto Scaling group ${group.id}.`);
  }
  return ids;
}

/** TerminateInstanceInAutoScalingGroup: exactly this one. */
export function terminateInstanceInGroup(call: Call): Outcome {
  const id = required(call.params, 'InstanceId');
  const group = visibleGroups(call).find(({ memberIds }) => memberIds.includes(id));
  if (!group?.scaling) throw validationError(`Instance Id not found - No managed instance found for ${id}`);
  const terminated = liveMembers(call.world, { ...group, memberIds: [id] });
  const decrementsDesired = flag(call.params, 'ShouldDecrementDesiredCapacity') === true;
  const desired = group.scaling.desired - (decrementsDesired ? unitsOf(group, terminated) : 0);
  const end = termination(call.world, call.now);
  return {
    body: { Activity: { ActivityId: id, StatusCode: 'InProgress' } },
    change: {
      groups: [resized(group, group.scaling, desired)],
      terminated: terminated.map((victim) => ({ id: victim.id, ...end })),
    },
  };
}

/** DeleteAutoScalingGroup: with its members when forced, else only an empty one. */
export function deleteAutoScalingGroup(call: Call): Outcome {
  const { group } = findGroup(call);
  const live = liveMembers(call.world, group);
  if (live.length > 0 && flag(call.params, 'ForceDelete') !== true) {
    throw new AwsError(
      'ResourceInUse',
      'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.',
    );
  }
  const end = termination(call.world, call.now);
  return {
    body: {},
    change: {
      groups: [{ ...group, state: 'terminating', deleted: true }],
      terminated: live.map(({ id }) => ({ id, ...end })),
    },
  };
}

/** DescribeAutoScalingGroups: 50 groups by default and 100 at most, by as many names, or by tags, or all. */
export function describeAutoScalingGroups(call: Call): Outcome {
  const names = memberStrings(call.params, 'AutoScalingGroupNames');
  const maxNames = integerParameter(call.params, 'MaxRecords') ?? 50;
  if (names.length > maxNames)
    throw validationError(`The number of group names (${names.length}) exceeds the limit of ${maxNames}.`);
  const hasTags = readTagFilters(call);
  const { items, nextToken } = readPage(
    call,
    visibleGroups(call),
    (group) =>
      group.createdAt <= call.snapshotAt &&
      (names.length === 0 || names.includes(group.id)) &&
      hasTags(group.tags),
    { parameter: 'MaxRecords', min: 1, max: 100, size: 50 },
  );
  return { body: { AutoScalingGroups: items.map((group) => groupXml(call, group)), NextToken: nextToken } };
}

/** The filters that DescribeAutoScalingGroups documents: tag-key, tag-value and tag:KEY. */
function readTagFilters({ params }: Call): (tags: Readonly<Record<string, string>>) => boolean {
  const filters = memberList(params, 'Filters').map((filter) => ({
    name: stringAt(filter, 'Name') ?? '',
    values: memberStrings(filter, 'Values'),
  }));
  const unknown = filters.find(({ name }) => !/^(tag-key|tag-value|tag:.+)$/.test(name));
  if (unknown) throw validationError(`Filter type ${unknown.name} is not correct.`);
  return (tags) =>
    filters.every(({ name, values }) => {
      if (name === 'tag-key') return values.some((key) => Object.hasOwn(tags, key));
      if (name === 'tag-value') return Object.values(tags).some((value) => values.includes(value));
      const value = tags[name.slice('tag:'.length)];
      return value !== undefined && values.includes(value);
    });
}

function groupXml(call: Call, group: Group): Xml {
  const { scaling } = group;
  return {
    AutoScalingGroupName: group.id,
    MinSize: scaling?.min,
    MaxSize: scaling?.max,
    DesiredCapacity: scaling?.desired,
    DefaultCooldown: 300,
    HealthCheckType: 'EC2',
    CreatedTime: new Date(group.createdAt).toISOString(),
    VPCZoneIdentifier: scaling?.subnetIds.join(','),
    NewInstancesProtectedFromScaleIn: scaling?.protectNew,
    Instances: membersOf(call.world, group).map((member) => ({
      InstanceId: member.id,
      InstanceType: member.instanceType,
      AvailabilityZone: member.zone,
      LifecycleState: lifecycleStates[stateAt(member, call.now)],
      HealthStatus: member.termination ? 'Unhealthy' : 'Healthy',
      ProtectedFromScaleIn: scaling?.protectedIds.includes(member.id) ?? false,
      WeightedCapacity: String(unitsOf(group, [member])),
    })),
    SuspendedProcesses: scaling?.suspended.map((process) => ({
      ProcessName: process,
      SuspensionReason: 'User suspended',
    })),
    Tags: Object.entries(group.tags).map(([Key, Value]) => ({
      Key,
      Value,
      ResourceId: group.id,
      ResourceType: 'auto-scaling-group',
      PropagateAtLaunch: Object.hasOwn(group.propagated, Key),
    })),
  };
}

const lifecycleStates = {
  pending: 'Pending',
  running: 'InService',
  stopping: 'Terminating',
  stopped: 'Terminating',
  'shutting-down': 'Terminating',
  terminated: 'Terminated',
};

/** DescribeScalingActivities: only what failed. */
export function describeScalingActivities(call: Call): Outcome {
  const { group } = findGroup(call);
  const activities = group.history.toReversed().map(({ at, code, message }, index) => ({
    ActivityId: `${group.id}-${group.history.length - index}`,
    AutoScalingGroupName: group.id,
    StartTime: new Date(at).toISOString(),
    StatusCode: 'Failed',
    StatusMessage: `${message} Launching EC2 instance failed. (${code})`,
    Cause: 'An instance was started in response to a difference between desired and actual capacity.',
  }));
  return { body: { Activities: activities } };
}
