import type { ProviderApi, Template } from '../template/template.ts';
import { actionsFor, INTERRUPTION_QUEUE_ACTIONS, type AwsAction } from './actions.ts';
import { createArns, type Arns, type ArnScope } from './arns.ts';
import { keyStatements, roleStatements } from './roles.ts';
import { condition, type PolicyStatement } from './statement.ts';

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

/** What of the world a policy is for; `*` where it is for all. */
export interface PolicyScope extends ArnScope {
  /** Value of the tag `ohf:deployment`, without which nothing may be launched, changed or terminated. */
  readonly deployment: string;
  /** URL of the interruption queue, where there is one. */
  readonly queue?: string | undefined;
}

/**
 * What the worker's role may do to serve these templates, and nothing else: launch from their images, into their
 * subnets, with the deployment's tag; change and terminate what has that tag; read.
 */
export function policyFor(templates: readonly Template[], scope: PolicyScope): Policy {
  const apis = [...new Set(templates.map(providerApiOf))];
  const actions = actionsFor(apis);
  const arns = createArns(scope);
  const statements = [
    readStatement(actions, scope),
    ...imageStatements(templates, arns),
    ...launchTemplateStatements(arns, scope),
    ...launchStatements(templates, actions, arns, scope),
    ...changeStatements(actions, arns, scope),
    ...roleStatements(templates, apis, arns, scope.region),
    ...keyStatements(templates, arns, scope.region),
    ...queueStatements(arns, scope),
  ];
  return { Version: '2012-10-17', Statement: statements.filter(({ Action }) => Action.length > 0) };
}

function queueStatements(arns: Arns, { queue }: PolicyScope): PolicyStatement[] {
  if (queue === undefined) return [];
  return [
    {
      Sid: 'ReceiveInterruptions',
      Effect: 'Allow',
      Action: INTERRUPTION_QUEUE_ACTIONS,
      Resource: [arns.queue(queue)],
    },
  ];
}

export const providerApiOf = ({ providerApi = 'EC2Fleet' }: Template): ProviderApi => providerApi;

const grantedOf = (actions: ReadonlySet<AwsAction>, ...candidates: readonly AwsAction[]): AwsAction[] =>
  candidates.filter((action) => actions.has(action));

/** AWS knows no narrower resource for reads than all. */
function readStatement(actions: ReadonlySet<AwsAction>, { region }: PolicyScope): PolicyStatement {
  const reads = [...actions].filter((action) => action.includes(':Describe'));
  return {
    Sid: 'Read',
    Effect: 'Allow',
    Action: reads,
    Resource: '*',
    ...condition('aws:RequestedRegion', region),
  };
}

/** An image that a template names by a parameter: AWS reads it in our name. */
function imageStatements(templates: readonly Template[], arns: Arns): PolicyStatement[] {
  const alias = 'resolve:ssm:';
  const names = templates.flatMap(({ imageId }) =>
    imageId.startsWith(alias) ? imageId.slice(alias.length).replace(/:.*$/, '') : [],
  );
  if (names.length === 0) return [];
  const Resource = [...new Set(names.map((name) => arns.parameter(name)))];
  return [{ Sid: 'ResolveImages', Effect: 'Allow', Action: ['ssm:GetParameters'], Resource }];
}

function launchTemplateStatements(arns: Arns, { deployment }: PolicyScope): PolicyStatement[] {
  return [
    {
      Sid: 'CreateLaunchTemplates',
      Effect: 'Allow',
      Action: ['ec2:CreateLaunchTemplate'],
      Resource: [arns.ec2('launch-template', '*')],
      ...condition('aws:RequestTag/ohf:deployment', deployment),
    },
  ];
}

/** Three statements: what a launch uses, our launch template, and what it makes, which has our tag from its birth. */
function launchStatements(
  templates: readonly Template[],
  actions: ReadonlySet<AwsAction>,
  arns: Arns,
  { deployment }: PolicyScope,
): PolicyStatement[] {
  // Fleets and groups launch in the name of their maker, who so needs RunInstances as well.
  const launches: AwsAction[] = [
    'ec2:RunInstances',
    ...grantedOf(actions, 'ec2:CreateFleet', 'ec2:RequestSpotFleet'),
  ];
  const makes = ['instance', 'volume', 'spot-instances-request'];
  if (actions.has('ec2:CreateFleet')) makes.push('fleet');
  if (actions.has('ec2:RequestSpotFleet')) makes.push('spot-fleet-request');
  const creates = [...launches.map((action) => action.replace('ec2:', '')), 'CreateLaunchTemplate'];
  const makesTagged = [...makes, 'launch-template'].map((type) => arns.ec2(type, '*'));
  return [
    { Sid: 'LaunchFrom', Effect: 'Allow', Action: launches, Resource: usedResources(templates, arns) },
    {
      Sid: 'LaunchWithOwnLaunchTemplates',
      Effect: 'Allow',
      Action: launches,
      Resource: [arns.ec2('launch-template', '*')],
      ...condition('aws:ResourceTag/ohf:deployment', deployment),
    },
    {
      Sid: 'LaunchTagged',
      Effect: 'Allow',
      Action: launches,
      Resource: makes.map((type) => arns.ec2(type, '*')),
      ...condition('aws:RequestTag/ohf:deployment', deployment),
    },
    {
      Sid: 'TagOnCreate',
      Effect: 'Allow',
      Action: ['ec2:CreateTags'],
      Resource: makesTagged,
      ...condition('aws:RequestTag/ohf:deployment', deployment, { 'ec2:CreateAction': creates }),
    },
  ];
}

/** Of what the templates do not name, all: the default security group, the snapshots of an image. */
function usedResources(templates: readonly Template[], arns: Arns): string[] {
  const groups = templates.flatMap(({ securityGroupIds }) =>
    securityGroupIds.length > 0 ? securityGroupIds : ['*'],
  );
  const isImage = (id: string): boolean => id.startsWith('ami-');
  const resources = [
    ...templates.map(({ imageId }) => arns.shared('image', isImage(imageId) ? imageId : '*')),
    arns.shared('snapshot', '*'),
    ...templates.flatMap(({ subnetIds }) => subnetIds.map((id) => arns.ec2('subnet', id))),
    ...(groups.includes('*') ? ['*'] : groups).map((id) => arns.ec2('security-group', id)),
    arns.ec2('network-interface', '*'),
    ...templates.flatMap(({ keyName }) => (keyName ? [arns.ec2('key-pair', keyName)] : [])),
    ...templates.flatMap(({ placementGroupName: name }) => (name ? [arns.ec2('placement-group', name)] : [])),
    ...templates.flatMap(({ capacityReservationId: id }) =>
      id ? [arns.ec2('capacity-reservation', id)] : [],
    ),
  ];
  return [...new Set(resources)];
}

function changeStatements(
  actions: ReadonlySet<AwsAction>,
  arns: Arns,
  { deployment }: PolicyScope,
): PolicyStatement[] {
  const tagged = condition('aws:ResourceTag/ohf:deployment', deployment);
  const terminate: PolicyStatement = {
    Sid: 'Terminate',
    Effect: 'Allow',
    Action: ['ec2:TerminateInstances'],
    Resource: [arns.ec2('instance', '*')],
    ...tagged,
  };
  const tagMembers: PolicyStatement = {
    Sid: 'TagGroupMembers',
    Effect: 'Allow',
    Action: grantedOf(actions, 'ec2:CreateTags'),
    Resource: [arns.ec2('instance', '*')],
    ...condition('aws:ResourceTag/ohf:deployment', deployment, {
      'aws:TagKeys': ['ohf:request-id', 'ohf:launch'],
    }),
  };
  const fleets: PolicyStatement = {
    Sid: 'DeleteFleets',
    Effect: 'Allow',
    Action: grantedOf(actions, 'ec2:DeleteFleets', 'ec2:CancelSpotFleetRequests'),
    Resource: [arns.ec2('fleet', '*'), arns.ec2('spot-fleet-request', '*')],
    ...tagged,
  };
  return [terminate, tagMembers, fleets, ...groupStatements(actions, arns, deployment)];
}

function groupStatements(actions: ReadonlySet<AwsAction>, arns: Arns, deployment: string): PolicyStatement[] {
  if (!actions.has('autoscaling:CreateAutoScalingGroup')) return [];
  const Resource = [arns.autoScalingGroup('ohf-*')];
  return [
    {
      Sid: 'CreateAutoScalingGroups',
      Effect: 'Allow',
      // Its tags are part of the call that makes a group.
      Action: ['autoscaling:CreateAutoScalingGroup', 'autoscaling:CreateOrUpdateTags'],
      Resource,
      ...condition('aws:RequestTag/ohf:deployment', deployment),
    },
    {
      Sid: 'UpdateAutoScalingGroups',
      Effect: 'Allow',
      Action: grantedOf(
        actions,
        'autoscaling:SuspendProcesses',
        'autoscaling:SetDesiredCapacity',
        'autoscaling:DeleteAutoScalingGroup',
      ),
      Resource,
      ...condition('aws:ResourceTag/ohf:deployment', deployment),
    },
  ];
}
