import { strict as assert } from 'node:assert';
import { createAwsClients, type AwsClients } from '../../../activities/aws/clients.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplates.ts';
import type { Template } from '../../../domain/template/template.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { simulatorControl } from '../../fixtures/simulatorClient.ts';

/**
 * What a template says of a machine is applied by its launch template, which every way to launch uses:
 * field -> what AWS was sent, on the wire.
 */
const FIELDS: readonly (readonly [Partial<Template>, Readonly<Record<string, string>>])[] = [
  [{ imageId: 'ami-00000000000000002' }, { ImageId: 'ami-00000000000000002' }],
  [{ keyName: 'ops' }, { KeyName: 'ops' }],
  [{ securityGroupIds: ['sg-1', 'sg-2'] }, { 'SecurityGroupId.1': 'sg-1', 'SecurityGroupId.2': 'sg-2' }],
  [{ instanceProfile: 'node' }, { 'IamInstanceProfile.Name': 'node' }],
  [
    { instanceProfile: 'arn:aws:iam::1:instance-profile/node' },
    { 'IamInstanceProfile.Arn': 'arn:aws:iam::1:instance-profile/node' },
  ],
  [{ userData: '#!/bin/sh\necho ü\n' }, { UserData: Buffer.from('#!/bin/sh\necho ü\n').toString('base64') }],
  [{ tenancy: 'dedicated' }, { 'Placement.Tenancy': 'dedicated' }],
  [{ placementGroupName: 'close' }, { 'Placement.GroupName': 'close' }],
  [{ ebsOptimized: true }, { EbsOptimized: 'true' }],
  [{ metadataHopLimit: 2 }, { 'MetadataOptions.HttpPutResponseHopLimit': '2' }],
  [{}, { 'MetadataOptions.HttpTokens': 'required', InstanceInitiatedShutdownBehavior: 'terminate' }],
  [{ metadataHttpTokens: 'optional' }, { 'MetadataOptions.HttpTokens': 'optional' }],
  [
    { capacityReservationId: 'cr-1' },
    { 'CapacityReservationSpecification.CapacityReservationTarget.CapacityReservationId': 'cr-1' },
  ],
  [
    {
      rootVolume: {
        sizeGiB: 50,
        type: 'gp3',
        iops: 4000,
        throughput: 250,
        encrypted: true,
        kmsKeyId: 'alias/k',
      },
    },
    {
      'BlockDeviceMapping.1.DeviceName': '/dev/xvda',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '50',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'gp3',
      'BlockDeviceMapping.1.Ebs.Iops': '4000',
      'BlockDeviceMapping.1.Ebs.Throughput': '250',
      'BlockDeviceMapping.1.Ebs.Encrypted': 'true',
      'BlockDeviceMapping.1.Ebs.KmsKeyId': 'alias/k',
      'BlockDeviceMapping.1.Ebs.DeleteOnTermination': 'true',
    },
  ],
  [
    { volumes: [{ deviceName: '/dev/sdf', sizeGiB: 500, type: 'st1' }] },
    {
      'BlockDeviceMapping.1.DeviceName': '/dev/sdf',
      'BlockDeviceMapping.1.Ebs.VolumeSize': '500',
      'BlockDeviceMapping.1.Ebs.VolumeType': 'st1',
    },
  ],
];

describe('a field of a template', () => {
  let simulator: Simulator;
  let aws: AwsClients;
  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    simulator = await startSimulator();
    aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url });
  });
  after(async () => {
    aws.destroy();
    await simulator.close();
  });

  for (const [change, expected] of FIELDS) {
    it(`${JSON.stringify(change)} reaches AWS`, async () => {
      const control = simulatorControl(simulator.url);
      await control.reset();
      await createLaunchTemplates(aws).ensure('test', aTemplate(change));
      const sent =
        (await control.log()).find(({ action }) => action === 'CreateLaunchTemplate')?.params ?? {};
      const found = Object.fromEntries(
        Object.keys(expected).map((key) => [key, sent[`LaunchTemplateData.${key}`]]),
      );
      assert.deepEqual(found, expected, JSON.stringify(sent, null, 2));
    });
  }
});
