import assert from 'node:assert/strict';
import { CreateLaunchTemplateCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { findDeniedActions } from '../../../activities/aws/iam/permissionCheck.ts';
import { simulatorControl, type SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';

describe('the permission check', () => {
  let simulator: Simulator;
  let control: SimulatorControl;
  let aws: AwsClients;

  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    simulator = await startSimulator({ pendingSeconds: 0 });
    control = simulatorControl(simulator.url);
    aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 1 });
  });
  after(async () => {
    aws.destroy();
    await simulator.close();
  });
  beforeEach(async () => void (await control.reset()));

  it('the permission check finds nothing where all is allowed, and changes nothing', async () => {
    assert.deepEqual(await findDeniedActions(aws, 'test'), { denied: [], uncertain: [] });
    assert.equal((await control.summary()).launchedEver, 0);
    await launchOne();
    assert.deepEqual(await findDeniedActions(aws, 'test'), { denied: [], uncertain: [] });
    const { launchedEver, live } = await control.summary();
    assert.deepEqual([launchedEver, live], [1, 1]);
  });

  it('the permission check names denied actions, and is uncertain about machine actions while no machine exists', async () => {
    const denied = ['CreateLaunchTemplate', 'CreateFleet', 'TerminateInstances'];
    await control.deny(denied);
    assert.deepEqual(await findDeniedActions(aws, 'test'), {
      denied: ['ec2:CreateLaunchTemplate'],
      uncertain: ['ec2:TerminateInstances', 'ec2:CreateFleet'],
    });
    await control.deny([]);
    await launchOne();
    await control.deny(denied);
    assert.deepEqual(await findDeniedActions(aws, 'test'), {
      denied: ['ec2:CreateLaunchTemplate', 'ec2:TerminateInstances', 'ec2:CreateFleet'],
      uncertain: [],
    });
  });

  /** Launches like the worker: by a launch template, with the deployment's tag. */
  async function launchOne(): Promise<void> {
    const Tags = [{ Key: 'ohf:deployment', Value: 'test' }];
    await aws.mutating.send(
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: 'ohf/test/1',
        LaunchTemplateData: { ImageId: 'ami-00000000000000001', InstanceType: 't3.medium' },
        TagSpecifications: [{ ResourceType: 'launch-template', Tags }],
      }),
    );
    await aws.mutating.send(
      new RunInstancesCommand({
        ...{ MinCount: 1, MaxCount: 1, SubnetId: 'subnet-0000000000000000a' },
        LaunchTemplate: { LaunchTemplateName: 'ohf/test/1', Version: '1' },
        TagSpecifications: [{ ResourceType: 'instance', Tags }],
      }),
    );
  }
});
