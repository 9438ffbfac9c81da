import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  EC2Client,
  RunInstancesCommand,
} from '@aws-sdk/client-ec2';
import type {
  CreateFleetCommandInput,
  CreateFleetCommandOutput,
  FleetLaunchTemplateOverridesRequest,
  RunInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { startSimulator } from '../../../simulator/server.ts';
import type { SimulatorOptions } from '../../../simulator/server.ts';
import { simulatorControl } from '../../fixtures/simulatorClient.ts';

export const image = 'ami-00000000000000001';
export const subnetA = 'subnet-0000000000000000a';
export const subnetB = 'subnet-0000000000000000b';

/** A client as the product makes it, only with static credentials and no retries of its own. */
export function ec2At(url: string): EC2Client {
  return new EC2Client({
    endpoint: url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}

/** A simulator in this process whose time stands still until a test moves it (ms). */
export async function startBench(options: SimulatorOptions = {}, begin = Date.parse('2026-01-01T00:00:00Z')) {
  let now = begin;
  const simulator = await startSimulator({ clock: () => now, ...options });
  const ec2 = ec2At(simulator.url);
  return {
    ec2,
    url: simulator.url,
    control: simulatorControl(simulator.url),
    pass(ms: number): void {
      now += ms;
    },
    async close(): Promise<void> {
      ec2.destroy();
      await simulator.close();
    },
  };
}

export type Bench = Awaited<ReturnType<typeof startBench>>;

/** RunInstances with what every test has in common. */
export async function run(ec2: EC2Client, input: Partial<RunInstancesCommandInput> = {}): Promise<string[]> {
  const answer = await ec2.send(
    new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 1,
      ImageId: image,
      InstanceType: 'm5.large',
      SubnetId: subnetA,
      ...input,
    }),
  );
  return ids(answer.Instances);
}

/** The instance ids in a list of instances. */
export function ids(instances: { InstanceId?: string | undefined }[] | undefined): string[] {
  return (instances ?? []).map((instance) => instance.InstanceId ?? '');
}

/** Makes a launch template and returns its id. */
export async function makeTemplate(ec2: EC2Client, name = 'test/template'): Promise<string> {
  const answer = await ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: {
        ImageId: image,
        InstanceType: 'm5.large',
        KeyName: 'key',
        SecurityGroupIds: ['sg-1'],
        UserData: Buffer.from('hello').toString('base64'),
        IamInstanceProfile: { Name: 'profile' },
        BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: { VolumeSize: 10 } }],
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'from', Value: 'template' }] }],
      },
    }),
  );
  return answer.LaunchTemplate?.LaunchTemplateId ?? '';
}

/** CreateFleet of type instant. */
export function fleet(
  ec2: EC2Client,
  templateId: string,
  total: number,
  overrides: FleetLaunchTemplateOverridesRequest[] = [{ InstanceType: 'm5.large', SubnetId: subnetA }],
  input: Partial<CreateFleetCommandInput> = {},
): Promise<CreateFleetCommandOutput> {
  return ec2.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: templateId, Version: '1' },
          Overrides: overrides,
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: total, DefaultTargetCapacityType: 'on-demand' },
      ...input,
    }),
  );
}

/** All instance ids of a fleet's answer. */
export function fleetIds(answer: CreateFleetCommandOutput): string[] {
  return (answer.Instances ?? []).flatMap((group) => group.InstanceIds ?? []);
}
