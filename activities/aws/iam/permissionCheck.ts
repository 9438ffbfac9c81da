import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type Instance,
  type LaunchTemplate,
} from '@aws-sdk/client-ec2';
import type { AwsClients } from '../client/clients.ts';
import { toProviderError } from '../client/errors.ts';
import { awsTags, TAG } from '../tags.ts';
import type { AwsAction } from '../../../domain/permissions/actions.ts';

export interface RefusedActions {
  /** What every template needs. */
  readonly refused: readonly AwsAction[];
  /**
   * Refused for a launch or a machine that was made up, because there is none of ours yet: a policy that is limited
   * to subnets or to our tag may do so rightly.
   */
  readonly doubtful: readonly AwsAction[];
}

/** AWS's codes for "you may not". All others say that the role may, or that AWS did not come to that question. */
const REFUSALS: readonly string[] = ['UnauthorizedOperation', 'AccessDenied'];

/** Ids that no account has. */
const NO_IMAGE = 'ami-00000000000000000';
const NO_INSTANCE = 'i-00000000000000000';
const NO_TEMPLATE = 'lt-00000000000000000';

/**
 * Asks AWS by dry runs what the worker may do; nothing is launched or changed by them. Only what launches by
 * default is asked about: the worker does not know the templates. Auto Scaling knows no dry runs.
 */
export async function findRefusedActions(aws: AwsClients, deployment: string): Promise<RefusedActions> {
  const [machine, template] = await Promise.all([
    ownMachine(aws, deployment).catch(() => undefined),
    ownTemplate(aws, deployment).catch(() => undefined),
  ]);
  const { reading, mutating } = aws;
  const DryRun = true;
  const tags = awsTags([[TAG.deployment, deployment]]);
  const tagged = (...types: readonly ('instance' | 'volume' | 'fleet' | 'launch-template')[]) =>
    types.map((ResourceType) => ({ ResourceType, Tags: tags }));
  const LaunchTemplate = { LaunchTemplateId: template?.LaunchTemplateId ?? NO_TEMPLATE, Version: '1' };
  const pool = { InstanceType: machine?.InstanceType ?? 'm5.large', SubnetId: machine?.SubnetId };
  const isKnown = machine !== undefined && template !== undefined;
  const probes: readonly (readonly [AwsAction, certain: boolean, ask: () => Promise<unknown>])[] = [
    [
      'ec2:DescribeImages',
      true,
      () => reading.send(new DescribeImagesCommand({ DryRun, ImageIds: [NO_IMAGE] })),
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
            LaunchTemplateData: { ImageId: machine?.ImageId ?? NO_IMAGE },
            TagSpecifications: tagged('launch-template'),
          }),
        ),
    ],
    [
      'ec2:TerminateInstances',
      machine !== undefined,
      () =>
        mutating.send(
          new TerminateInstancesCommand({ DryRun, InstanceIds: [machine?.InstanceId ?? NO_INSTANCE] }),
        ),
    ],
    [
      'ec2:RunInstances',
      isKnown,
      () =>
        mutating.send(
          new RunInstancesCommand({
            DryRun,
            LaunchTemplate,
            ...pool,
            MinCount: 1,
            MaxCount: 1,
            TagSpecifications: tagged('instance', 'volume'),
          }),
        ),
    ],
    [
      'ec2:CreateFleet',
      isKnown,
      () =>
        mutating.send(
          new CreateFleetCommand({
            DryRun,
            Type: 'instant',
            LaunchTemplateConfigs: [{ LaunchTemplateSpecification: LaunchTemplate, Overrides: [pool] }],
            TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
            TagSpecifications: tagged('fleet', 'instance', 'volume'),
          }),
        ),
    ],
  ];
  const refusals = await Promise.all(
    probes.map(async ([action, certain, ask]) => ({ action, certain, refused: await isRefused(ask) })),
  );
  const actions = (wanted: boolean): AwsAction[] =>
    refusals.filter(({ certain, refused }) => refused && certain === wanted).map(({ action }) => action);
  return { refused: actions(true), doubtful: actions(false) };
}

async function isRefused(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return false;
  } catch (error) {
    return REFUSALS.includes(toProviderError(error).providerCode);
  }
}

const ofDeployment = (deployment: string) => ({ Name: `tag:${TAG.deployment}`, Values: [deployment] });

async function ownMachine({ reading }: AwsClients, deployment: string): Promise<Instance | undefined> {
  const alive = { Name: 'instance-state-name', Values: ['pending', 'running'] };
  const { Reservations = [] } = await reading.send(
    new DescribeInstancesCommand({ Filters: [ofDeployment(deployment), alive], MaxResults: 5 }),
  );
  return Reservations[0]?.Instances?.[0];
}

async function ownTemplate({ reading }: AwsClients, deployment: string): Promise<LaunchTemplate | undefined> {
  const { LaunchTemplates = [] } = await reading.send(
    new DescribeLaunchTemplatesCommand({ Filters: [ofDeployment(deployment)], MaxResults: 5 }),
  );
  return LaunchTemplates[0];
}
