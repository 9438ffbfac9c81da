import { strict as assert } from 'node:assert';
import { CreateLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createLaunchMethods } from '../../../activities/aws/launch/methods/index.ts';
import { methodFor, type LaunchMethods } from '../../../activities/aws/launch/methods/launchMethod.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import { readTemplateForRequest, readTemplates } from '../../../config/templates/ibmTemplates.ts';
import type { ProviderApi } from '../../../domain/template/template.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { simulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { onDemand, scratch, spot, type Scratch } from '../../fixtures/scratch.ts';

/** The call that launches, by launch method. */
const CALLS: Readonly<Record<ProviderApi, string>> = {
  EC2Fleet: 'CreateFleet',
  EC2FleetRequest: 'CreateFleet',
  EC2FleetMaintain: 'CreateFleet',
  SpotFleetRequest: 'RequestSpotFleet',
  SpotFleetMaintain: 'RequestSpotFleet',
  RunInstances: 'RunInstances',
  AutoScalingGroup: 'CreateAutoScalingGroup',
};
const APIS = Object.keys(CALLS) as ProviderApi[];

type Sent = Readonly<Record<string, string | undefined>>;

/** A row: the template fields -> what the named call is sent, or why the template is refused. */
interface Row {
  readonly fields: object;
  readonly price?: 'ondemand';
  readonly apis?: readonly ProviderApi[];
  /** In the launch template, which is the same for all launch methods. */
  readonly template?: Sent;
  readonly sent?: Readonly<Partial<Record<string, Sent | RegExp>>>;
}

const CONFIG = 'LaunchTemplateConfigs.1.Overrides';
const SPOT_CONFIG = 'SpotFleetRequestConfig.LaunchTemplateConfigs.1.Overrides';
const POLICY = 'MixedInstancesPolicy';
const SPREAD = `${POLICY}.InstancesDistribution`;
const ONE_OFFERING = /is not possible with providerApi "RunInstances"; use EC2Fleet/;

const ROWS: readonly Row[] = [
  { fields: { imageId: 'ami-00000000000000001' }, template: { ImageId: 'ami-00000000000000001' } },
  {
    fields: { imageId: 'resolve:ssm:/aws/service/ami-simulated/x86_64' },
    template: { ImageId: 'ami-00000000000000001' },
  },
  { fields: { keyName: 'ops' }, template: { KeyName: 'ops' } },
  {
    fields: { securityGroupIds: ['sg-1', '', 'sg-2'] },
    template: { 'SecurityGroupId.1': 'sg-1', 'SecurityGroupId.2': 'sg-2' },
  },
  { fields: { instanceProfile: 'node' }, template: { 'IamInstanceProfile.Name': 'node' } },
  {
    fields: { instanceProfile: 'arn:aws:iam::1:instance-profile/node' },
    template: { 'IamInstanceProfile.Arn': 'arn:aws:iam::1:instance-profile/node' },
  },
  {
    fields: { userDataText: '#!/bin/sh\necho ü\n' },
    template: { UserData: Buffer.from('#!/bin/sh\necho ü\n').toString('base64') },
  },
  {
    fields: { hostName: 'resource-name' },
    template: {
      'PrivateDnsNameOptions.HostnameType': 'resource-name',
      'PrivateDnsNameOptions.EnableResourceNameDnsARecord': 'true',
    },
  },
  { fields: { hostName: 'ip' }, template: { 'PrivateDnsNameOptions.HostnameType': undefined } },
  { fields: { tenancy: 'dedicated' }, template: { 'Placement.Tenancy': 'dedicated' } },
  { fields: { placementGroupName: 'close' }, template: { 'Placement.GroupName': 'close' } },
  { fields: { ebsOptimized: true }, template: { EbsOptimized: 'true' } },
  { fields: { metadataHopLimit: 2 }, template: { 'MetadataOptions.HttpPutResponseHopLimit': '2' } },
  {
    fields: {},
    template: { 'MetadataOptions.HttpTokens': 'required', InstanceInitiatedShutdownBehavior: 'terminate' },
  },
  { fields: { metadataHttpTokens: 'optional' }, template: { 'MetadataOptions.HttpTokens': 'optional' } },
  {
    price: 'ondemand',
    fields: { capacityReservationId: 'cr-1' },
    template: { 'CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId': 'cr-1' },
  },
  {
    fields: { rootDeviceVolumeSize: 50, volumeType: 'gp3', iops: 4000, rootVolumeThroughput: 250 },
    template: {
      'BlockDeviceMapping.1.DeviceName': '/dev/xvda',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '50',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'gp3',
      'BlockDeviceMapping.1.Ebs.Iops': '4000',
      'BlockDeviceMapping.1.Ebs.Throughput': '250',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
    },
  },
  {
    fields: { rootVolumeEncrypted: true, kmsKeyId: 'alias/k' },
    template: {
      'BlockDeviceMapping.1.Ebs.Encrypted': 'true',
      'BlockDeviceMapping.1.Ebs.KmsKeyId': 'alias/k',
    },
  },
  {
    fields: { volumes: [{ deviceName: '/dev/sdf', size: 500, type: 'st1' }] },
    template: {
      'BlockDeviceMapping.1.DeviceName': '/dev/sdf',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '500',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'st1',
    },
  },
  {
    fields: { publicIp: true, securityGroupIds: ['sg-1'] },
    template: {
      'NetworkInterface.1.DeviceIndex': '0',
      'NetworkInterface.1.AssociatePublicIpAddress': 'true',
      'NetworkInterface.1.SecurityGroupId.1': 'sg-1',
      'SecurityGroupId.1': undefined,
    },
    sent: {
      // AWS rejects a subnet together with the interfaces of a launch template.
      RunInstances: {
        'NetworkInterface.1.SubnetId': 'subnet-0000000000000000a',
        'NetworkInterface.1.AssociatePublicIpAddress': 'true',
        'NetworkInterface.1.SecurityGroupId.1': 'sg-1',
        SubnetId: undefined,
      },
    },
  },
  { fields: { interfaceType: 'efa' }, template: { 'NetworkInterface.1.InterfaceType': 'efa' } },
  {
    fields: { instanceTags: 'team=red;cost=a=b' },
    sent: {
      CreateFleet: { 'TagSpecification.1.Tag.1.Key': 'cost', 'TagSpecification.1.Tag.1.Value': 'a=b' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.TagSpecification.1.Tag.1.Value': 'a=b' },
      RunInstances: { 'TagSpecification.1.Tag.1.Value': 'a=b' },
      CreateAutoScalingGroup: { 'Tags.member.1.Value': 'a=b', 'Tags.member.1.PropagateAtLaunch': 'true' },
    },
  },
  {
    fields: {
      vmTypes: { 'm5.large': 1, 'm5.xlarge': 2 },
      vmTypesPriority: { 'm5.xlarge': 1, 'm5.large': 2 },
    },
    sent: {
      CreateFleet: {
        [`${CONFIG}.1.InstanceType`]: 'm5.xlarge',
        [`${CONFIG}.1.WeightedCapacity`]: '2',
        [`${CONFIG}.1.Priority`]: '1',
        [`${CONFIG}.3.InstanceType`]: 'm5.large',
        'OnDemandOptions.AllocationStrategy': 'prioritized',
      },
      RequestSpotFleet: {
        [`${SPOT_CONFIG}.1.InstanceType`]: 'm5.xlarge',
        [`${SPOT_CONFIG}.1.WeightedCapacity`]: '2',
        [`${SPOT_CONFIG}.1.Priority`]: '1',
      },
      RunInstances: { InstanceType: 'm5.xlarge', MaxCount: '5' },
      CreateAutoScalingGroup: {
        [`${POLICY}.LaunchTemplate.Overrides.member.1.InstanceType`]: 'm5.xlarge',
        [`${POLICY}.LaunchTemplate.Overrides.member.1.WeightedCapacity`]: '2',
        [`${SPREAD}.OnDemandAllocationStrategy`]: 'prioritized',
      },
    },
  },
  {
    fields: { subnetId: 'subnet-0000000000000000b,subnet-0000000000000000c' },
    sent: {
      CreateFleet: {
        [`${CONFIG}.1.SubnetId`]: 'subnet-0000000000000000b',
        [`${CONFIG}.2.SubnetId`]: 'subnet-0000000000000000c',
      },
      RequestSpotFleet: { [`${SPOT_CONFIG}.2.SubnetId`]: 'subnet-0000000000000000c' },
      RunInstances: { SubnetId: 'subnet-0000000000000000b' },
      CreateAutoScalingGroup: { VPCZoneIdentifier: 'subnet-0000000000000000b,subnet-0000000000000000c' },
    },
  },
  {
    fields: {
      vmTypes: null,
      instanceRequirements: { VCpuCount: { Min: 2, Max: 4 }, MemoryMiB: { Min: 8192 } },
    },
    sent: {
      CreateFleet: {
        [`${CONFIG}.1.InstanceRequirements.VCpuCount.Max`]: '4',
        [`${CONFIG}.1.InstanceType`]: undefined,
        [`${CONFIG}.2.SubnetId`]: 'subnet-0000000000000000b',
      },
      RequestSpotFleet: { [`${SPOT_CONFIG}.1.InstanceRequirements.MemoryMiB.Min`]: '8192' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: {
        [`${POLICY}.LaunchTemplate.Overrides.member.1.InstanceRequirements.VCpuCount.Min`]: '2',
      },
    },
  },
  {
    fields: { maxSpotPrice: 0.25 },
    sent: {
      CreateFleet: { [`${CONFIG}.1.MaxPrice`]: '0.25' },
      RequestSpotFleet: { [`${SPOT_CONFIG}.1.SpotPrice`]: '0.25' },
      RunInstances: { 'InstanceMarketOptions.SpotOptions.MaxPrice': '0.25' },
      CreateAutoScalingGroup: { [`${SPREAD}.SpotMaxPrice`]: '0.25' },
    },
  },
  {
    fields: { percentOnDemand: 30 },
    sent: {
      CreateFleet: {
        'TargetCapacitySpecification.OnDemandTargetCapacity': '3',
        'TargetCapacitySpecification.SpotTargetCapacity': '7',
      },
      RequestSpotFleet: { 'SpotFleetRequestConfig.OnDemandTargetCapacity': '3' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: {
        [`${SPREAD}.OnDemandBaseCapacity`]: '3',
        [`${SPREAD}.OnDemandPercentageAboveBaseCapacity`]: '0',
      },
    },
  },
  {
    fields: { onDemandBaseCapacity: 2, percentOnDemand: 50 },
    sent: {
      CreateFleet: { 'TargetCapacitySpecification.OnDemandTargetCapacity': '6' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.OnDemandTargetCapacity': '6' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: { [`${SPREAD}.OnDemandBaseCapacity`]: '6' },
    },
  },
  {
    fields: { allocationStrategy: 'capacityOptimizedPrioritized' },
    sent: {
      CreateFleet: { 'SpotOptions.AllocationStrategy': 'capacity-optimized-prioritized' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.AllocationStrategy': 'capacityOptimizedPrioritized' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: { [`${SPREAD}.SpotAllocationStrategy`]: 'capacity-optimized-prioritized' },
    },
  },
  {
    fields: { allocationStrategy: 'diversified' },
    sent: {
      CreateFleet: { 'SpotOptions.AllocationStrategy': 'diversified' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.AllocationStrategy': 'diversified' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: /allocationStrategy is not possible with providerApi "AutoScalingGroup"/,
    },
  },
  {
    fields: { allocationStrategy: 'lowestPrice', poolsCount: 3 },
    sent: {
      CreateFleet: { 'SpotOptions.InstancePoolsToUseCount': '3' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.InstancePoolsToUseCount': '3' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: { [`${SPREAD}.SpotInstancePools`]: '3' },
    },
  },
  {
    fields: { allocationStrategyOnDemand: 'prioritized' },
    sent: {
      CreateFleet: { 'OnDemandOptions.AllocationStrategy': 'prioritized' },
      RequestSpotFleet: { 'SpotFleetRequestConfig.OnDemandAllocationStrategy': 'prioritized' },
      RunInstances: ONE_OFFERING,
      CreateAutoScalingGroup: { [`${SPREAD}.OnDemandAllocationStrategy`]: 'prioritized' },
    },
  },
  {
    fields: { priceType: 'heterogeneous', spotFleetRequestExpiry: 20 },
    apis: ['EC2Fleet', 'RunInstances'],
    sent: {
      CreateFleet: { 'TargetCapacitySpecification.SpotTargetCapacity': '10' },
      RunInstances: { 'InstanceMarketOptions.MarketType': 'spot' },
    },
  },
];

const FLEET_ROLE = 'arn:aws:iam::1:role/fleet';

describe('the fields of a template', () => {
  let simulator: Simulator;
  let aws: AwsClients;
  let files: Scratch;
  let managers: LaunchMethods;
  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    simulator = await startSimulator();
    aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 1 });
    files = await scratch();
  });
  after(async () => {
    aws.destroy();
    await files.remove();
    await simulator.close();
  });
  beforeEach(async () => {
    await simulatorControl(simulator.url).reset();
    managers = createLaunchMethods(aws, createLaunchTemplates(aws), createUnavailableOfferings());
  });

  async function write(fields: object, api: ProviderApi, price: Row['price']): Promise<string> {
    const template = {
      templateId: 't',
      imageId: 'ami-00000000000000001',
      subnetId: ['subnet-0000000000000000a', 'subnet-0000000000000000b'],
      providerApi: api,
      ...(api.startsWith('SpotFleet') ? { fleetRole: FLEET_ROLE } : {}),
      ...fields,
    };
    const whole = price === 'ondemand' ? onDemand(template) : spot(template);
    return files.write('t.json', { templates: [whole, onDemand({ templateId: 'other' })] });
  }

  /** Launches ten units of the template. @returns the parameters sent to AWS, by action */
  async function launch(path: string, at = Date.now()): Promise<Readonly<Record<string, Sent>>> {
    const template = await readTemplateForRequest(path, 't');
    const manager = methodFor(managers, template.providerApi);
    const parameters = await manager.prepare({
      owner: { deployment: 'test', provider: 'awsinst', requestId: 'req-1' },
      template,
      createdAt: at,
      deadline: at + 60 * 60_000,
    });
    const order = {
      ordinal: 1,
      token: 'token-1',
      units: 10,
      decidedAt: Date.now(),
      stage: 'open',
      fulfilledUnits: 0,
    } as const;
    await ('launch' in manager
      ? manager.launch(order, parameters)
      : manager.create(order, parameters, Date.now() + 60_000, false));
    const log = await simulatorControl(simulator.url).log();
    return Object.fromEntries(log.map(({ action, params }) => [action, params]));
  }

  for (const { fields, price, apis = APIS, template, sent } of ROWS) {
    for (const api of apis) {
      if (price === 'ondemand' && api.startsWith('SpotFleet')) continue;
      const expected = sent?.[CALLS[api]];
      it(`${api} ${expected instanceof RegExp ? 'refuses' : 'sends'} the fields ${JSON.stringify(fields)}`, async () => {
        const path = await write(fields, api, price);
        if (expected instanceof RegExp) {
          const { problems } = await readTemplates(path);
          return assert.match(problems.map(({ message }) => message).join('\n'), expected);
        }
        const calls = await launch(path);
        const inTemplate = Object.fromEntries(
          Object.entries(template ?? {}).map(([key, value]) => [`LaunchTemplateData.${key}`, value]),
        );
        assertSent(calls, 'CreateLaunchTemplate', inTemplate);
        assertSent(calls, CALLS[api], expected ?? {});
      });
    }
  }

  it('the site’s launch template applies where the template sets nothing', async () => {
    const made = await aws.mutating.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'site',
        LaunchTemplateData: {
          ImageId: 'resolve:ssm:/aws/service/ami-simulated/x86_64',
          InstanceType: 'r5.large',
          KeyName: 'site',
          UserData: Buffer.from('site').toString('base64'),
          Placement: { AvailabilityZone: 'us-east-1c', Tenancy: 'default' },
          MetadataOptions: { HttpTokens: 'optional' },
          NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-0000000000000000c', Groups: ['sg-9'] }],
          BlockDeviceMappings: [{ DeviceName: '/dev/sdf', Ebs: { VolumeSize: 9 } }],
          TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'site', Value: 'x' }] }],
        },
      }),
    );
    const launchTemplateId = made.LaunchTemplate?.LaunchTemplateId;
    const fields = { launchTemplateId, imageId: null, keyName: 'ours', rootDeviceVolumeSize: 20 };
    const calls = await launch(await write(fields, 'EC2FleetMaintain', undefined));
    assertSent(calls, 'CreateLaunchTemplate', {
      'LaunchTemplateData.ImageId': 'ami-00000000000000001',
      'LaunchTemplateData.InstanceType': undefined,
      'LaunchTemplateData.KeyName': 'ours',
      'LaunchTemplateData.UserData': Buffer.from('site').toString('base64'),
      'LaunchTemplateData.Placement.AvailabilityZone': undefined,
      'LaunchTemplateData.Placement.Tenancy': 'default',
      'LaunchTemplateData.MetadataOptions.HttpTokens': 'optional',
      'LaunchTemplateData.NetworkInterface.1.SubnetId': undefined,
      'LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1': 'sg-9',
      'LaunchTemplateData.BlockDeviceMapping.1.DeviceName': '/dev/sdf',
      'LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize': '9',
      'LaunchTemplateData.BlockDeviceMapping.2.Ebs.VolumeSize': '20',
      'LaunchTemplateData.TagSpecification.1.Tag.1.Key': 'site',
      'LaunchTemplateData.InstanceInitiatedShutdownBehavior': 'terminate',
    });
  });

  it('a heterogeneous template buys on demand what spot did not fulfil in time', async () => {
    const fields = {
      priceType: 'heterogeneous',
      spotFleetRequestExpiry: 20,
      vmTypesOnDemand: { 'c5.xlarge': 2 },
    };
    const calls = await launch(await write(fields, 'EC2Fleet', undefined), Date.now() - 21 * 60_000);
    assertSent(calls, 'CreateFleet', {
      'TargetCapacitySpecification.OnDemandTargetCapacity': '10',
      [`${CONFIG}.1.InstanceType`]: 'c5.xlarge',
      [`${CONFIG}.1.WeightedCapacity`]: '2',
      'SpotOptions.AllocationStrategy': undefined,
    });
  });
});

function assertSent(calls: Readonly<Record<string, Sent>>, action: string, expected: Sent): void {
  const sent = calls[action] ?? {};
  const found = Object.fromEntries(Object.keys(expected).map((key) => [key, sent[key]]));
  assert.deepEqual(found, expected, `${action} ${JSON.stringify(sent, null, 2)}`);
}
