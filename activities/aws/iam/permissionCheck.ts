import type { Instance, LaunchTemplate } from '@aws-sdk/client-ec2';
import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '../client/ec2.ts';
import type { AwsClients } from '../client/clients.ts';
import { isAwsError } from '../client/errors.ts';
import { toAwsTags, TAG } from '../tags.ts';
import type { AwsAction } from '../../../domain/permissions/actions.ts';

export interface DeniedActions {
  /** What every template needs. */
  readonly denied: readonly AwsAction[];
  /**
   * Denied for an invented launch or machine, because we have none yet: a policy that is limited to subnets or to our
   * tag may be right to deny it.
   */
  readonly uncertain: readonly AwsAction[];
}

/** Ids that no account has. */
const FAKE_IMAGE_ID = 'ami-00000000000000000';
const FAKE_INSTANCE_ID = 'i-00000000000000000';
const FAKE_LAUNCH_TEMPLATE_ID = 'lt-00000000000000000';

/**
 * Finds missing permissions with dry runs, which launch and change nothing. Checks only the default launch method,
 * because the worker does not know the templates. Auto Scaling has no dry runs.
 */
export async function findDeniedActions(aws: AwsClients, deployment: string): Promise<DeniedActions> {
  const [machine, template] = await Promise.all([
    findOwnInstance(aws, deployment).catch(() => undefined),
    findOwnLaunchTemplate(aws, deployment).catch(() => undefined),
  ]);
  const { reading, mutating } = aws;
  const DryRun = true;
  const tags = toAwsTags([[TAG.deployment, deployment]]);
  const tagged = (...types: readonly ('instance' | 'volume' | 'fleet' | 'launch-template')[]) =>
    types.map((ResourceType) => ({ ResourceType, Tags: tags }));
  const LaunchTemplate = {
    LaunchTemplateId: template?.LaunchTemplateId ?? FAKE_LAUNCH_TEMPLATE_ID,
    Version: '1',
  };
  const placement = { InstanceType: machine?.InstanceType ?? 'm5.large', SubnetId: machine?.SubnetId };
  const hasOwnMachine = machine !== undefined && template !== undefined;
  const probes: readonly (readonly [AwsAction, certain: boolean, dryRun: () => Promise<unknown>])[] = [
    [
      'ec2:DescribeImages',
      true,
      () => reading.send(new DescribeImagesCommand({ DryRun, ImageIds: [FAKE_IMAGE_ID] })),
    ],
    ['ec2:DescribeLaunchTemplates', true, () => reading.send(new DescribeLaunchTemplatesCommand({ DryRun }))],
    [
      'ec2:CreateLaunchTemplate',
      true,
      () =>
        mutating.send(
          new CreateLaunchTemplateCommand({
            DryRun,
            LaunchTemplateName: `ohf/${deployment}/dry-run`,
            LaunchTemplateData: { ImageId: machine?.ImageId ?? FAKE_IMAGE_ID },
            TagSpecifications: tagged('launch-template'),
          }),
        ),
    ],
    [
      'ec2:TerminateInstances',
      machine !== undefined,
      () =>
        mutating.send(
          new TerminateInstancesCommand({ DryRun, InstanceIds: [machine?.InstanceId ?? FAKE_INSTANCE_ID] }),
        ),
    ],
    [
      'ec2:RunInstances',
      hasOwnMachine,
      () =>
        mutating.send(
          new RunInstancesCommand({
            DryRun,
            LaunchTemplate,
            ...placement,
            MinCount: 1,
            MaxCount: 1,
            TagSpecifications: tagged('instance', 'volume'),
          }),
        ),
    ],
    [
      'ec2:CreateFleet',
      hasOwnMachine,
      () =>
        mutating.send(
          new CreateFleetCommand({
            DryRun,
            Type: 'instant',
            LaunchTemplateConfigs: [{ LaunchTemplateSpecification: LaunchTemplate, Overrides: [placement] }],
            TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
            TagSpecifications: tagged('fleet', 'instance', 'volume'),
          }),
        ),
    ],
  ];
  const outcomes = await Promise.all(
    probes.map(async ([action, certain, dryRun]) => ({ action, certain, refused: await isDenied(dryRun) })),
  );
  const actions = (wanted: boolean): AwsAction[] =>
    outcomes.filter(({ certain, refused }) => refused && certain === wanted).map(({ action }) => action);
  return { denied: actions(true), uncertain: actions(false) };
}

async function isDenied(dryRun: () => Promise<unknown>): Promise<boolean> {
  try {
    await dryRun();
    return false;
  } catch (error) {
    // Any other error means that the role may, or that AWS did not get to check the permission.
    return isAwsError(error, 'unauthorized');
  }
}

const deploymentFilter = (deployment: string) => ({ Name: `tag:${TAG.deployment}`, Values: [deployment] });

async function findOwnInstance({ reading }: AwsClients, deployment: string): Promise<Instance | undefined> {
  const alive = { Name: 'instance-state-name', Values: ['pending', 'running'] };
  const { Reservations = [] } = await reading.send(
    new DescribeInstancesCommand({ Filters: [deploymentFilter(deployment), alive], MaxResults: 5 }),
  );
  return Reservations[0]?.Instances?.[0];
}

async function findOwnLaunchTemplate(
  { reading }: AwsClients,
  deployment: string,
): Promise<LaunchTemplate | undefined> {
  const { LaunchTemplates = [] } = await reading.send(
    new DescribeLaunchTemplatesCommand({ Filters: [deploymentFilter(deployment)], MaxResults: 5 }),
  );
  return LaunchTemplates[0];
}
