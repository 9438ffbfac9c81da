import type { ProviderApi } from '../template/template.ts';

/** An action of AWS's permissions, e.g. `ec2:RunInstances`. */
export type AwsAction = `${'ec2' | 'autoscaling' | 'sqs'}:${string}`;

/**
 * The calls that the worker makes whatever the templates say. A test holds these lists and the code together, in
 * both directions: nothing is called that is not here, nothing is here that is not called.
 */
export const COMMON_ACTIONS: readonly AwsAction[] = [
  'ec2:DescribeInstances',
  'ec2:DescribeSpotInstanceRequests',
  'ec2:DescribeImages',
  'ec2:DescribeLaunchTemplates',
  'ec2:DescribeLaunchTemplateVersions',
  'ec2:CreateLaunchTemplate',
  'ec2:TerminateInstances',
];

/** Every worker looks for groups without an owner: templates of before may have made some. */
export const ORPHAN_READ_ACTIONS: readonly AwsAction[] = [
  'ec2:DescribeFleets',
  'ec2:DescribeSpotFleetRequests',
  'autoscaling:DescribeAutoScalingGroups',
];

const FLEET_ACTIONS: readonly AwsAction[] = [
  'ec2:CreateFleet',
  'ec2:DescribeFleets',
  'ec2:DescribeFleetHistory',
  'ec2:DeleteFleets',
  'ec2:CreateTags',
];

const SPOT_FLEET_ACTIONS: readonly AwsAction[] = [
  'ec2:RequestSpotFleet',
  'ec2:DescribeSpotFleetRequests',
  'ec2:DescribeSpotFleetRequestHistory',
  'ec2:CancelSpotFleetRequests',
  'ec2:CreateTags',
];

/** The calls beside the common ones, by how a template gets its machines. */
export const ACTIONS_BY_API: Readonly<Record<ProviderApi, readonly AwsAction[]>> = {
  EC2Fleet: ['ec2:CreateFleet'],
  EC2FleetRequest: FLEET_ACTIONS,
  EC2FleetMaintain: FLEET_ACTIONS,
  SpotFleetRequest: SPOT_FLEET_ACTIONS,
  SpotFleetMaintain: SPOT_FLEET_ACTIONS,
  RunInstances: ['ec2:RunInstances'],
  AutoScalingGroup: [
    'autoscaling:CreateAutoScalingGroup',
    'autoscaling:DescribeAutoScalingGroups',
    'autoscaling:DescribeScalingActivities',
    'autoscaling:SuspendProcesses',
    'autoscaling:SetDesiredCapacity',
    'autoscaling:DeleteAutoScalingGroup',
    'ec2:CreateTags',
  ],
};

/** The calls where an interruption queue is set. */
export const INTERRUPTION_QUEUE_ACTIONS: readonly AwsAction[] = [
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
];

/** All that the worker calls for templates of these kinds, each once. */
export const actionsFor = (apis: readonly ProviderApi[]): ReadonlySet<AwsAction> =>
  new Set([...COMMON_ACTIONS, ...ORPHAN_READ_ACTIONS, ...apis.flatMap((api) => ACTIONS_BY_API[api])]);
