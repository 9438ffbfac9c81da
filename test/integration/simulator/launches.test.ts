import { strict as assert } from 'node:assert';
import {
  CreateLaunchTemplateCommand,
  DeleteLaunchTemplateCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  fleet,
  fleetIds,
  makeTemplate,
  run,
  startBench,
  subnetA,
  subnetB,
} from '../../fixtures/cloud/simulatedEc2.ts';
import type { Harness } from '../../fixtures/cloud/simulatedEc2.ts';

describe('simulated launches', () => {
  let bench: Harness;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  const launchedEver = async () => (await bench.control.summary()).launchedEver;

  it('a launch with the same token and parameters is replayed, not repeated', async () => {
    const first = await run(bench.ec2, { MaxCount: 3, ClientToken: 'run' });
    assert.deepEqual(await run(bench.ec2, { MaxCount: 3, ClientToken: 'run' }), first);
    const template = await makeTemplate(bench.ec2);
    const once = await fleet(bench.ec2, template, 2, undefined, { ClientToken: 'fleet' });
    const twice = await fleet(bench.ec2, template, 2, undefined, { ClientToken: 'fleet' });
    assert.equal(twice.FleetId, once.FleetId);
    assert.deepEqual(fleetIds(twice), fleetIds(once));
    assert.equal(await launchedEver(), 5);
    const log = await bench.control.log();
    assert.deepEqual(
      log.map(({ action, replay, launched }) => [action, replay, launched.length]),
      [
        ['RunInstances', false, 3],
        ['RunInstances', true, 0],
        ['CreateLaunchTemplate', false, 0],
        ['CreateFleet', false, 2],
        ['CreateFleet', true, 0],
      ],
    );
  });

  it('a launch with the same token and other parameters is refused', async () => {
    await run(bench.ec2, { ClientToken: 'run' });
    await assert.rejects(run(bench.ec2, { ClientToken: 'run', MaxCount: 2 }), {
      name: 'IdempotentParameterMismatch',
    });
    const template = await makeTemplate(bench.ec2);
    await fleet(bench.ec2, template, 1, undefined, { ClientToken: 'fleet' });
    await assert.rejects(fleet(bench.ec2, template, 2, undefined, { ClientToken: 'fleet' }), {
      name: 'IdempotentParameterMismatch',
    });
    assert.equal(await launchedEver(), 2);
  });

  it('RunInstances applies a token per zone, so that another zone launches again', async () => {
    const [first] = await run(bench.ec2, { ClientToken: 'run', SubnetId: subnetA });
    const [second] = await run(bench.ec2, { ClientToken: 'run', SubnetId: subnetB });
    assert.notEqual(first, second);
    assert.equal(await launchedEver(), 2);
  });

  it('a launch is not replayed when the instances of its token are terminated', async () => {
    const launched = await run(bench.ec2, { ClientToken: 'run' });
    await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: launched }));
    bench.pass(2000);
    await assert.rejects(run(bench.ec2, { ClientToken: 'run' }), { name: 'IdempotentInstanceTerminated' });
    assert.equal(await launchedEver(), 1);
  });

  it('a launch with too long a token is refused', async () => {
    await assert.rejects(run(bench.ec2, { ClientToken: 'x'.repeat(65) }), { name: 'InvalidParameterValue' });
    await assert.rejects(run(bench.ec2, { ClientToken: 'ü' }), { name: 'InvalidParameterValue' });
    await run(bench.ec2, { ClientToken: 'x'.repeat(64) });
  });

  it('RunInstances launches what capacity allows between MinCount and MaxCount, or nothing', async () => {
    await bench.control.setPools([{ instanceType: 'm5.large', zone: 'us-east-1a', capacity: 3 }]);
    await assert.rejects(run(bench.ec2, { MinCount: 4, MaxCount: 5, ClientToken: 'big' }), (error: Error) => {
      assert.equal(error.name, 'InsufficientInstanceCapacity');
      const { $metadata } = error as Error & { $metadata: { httpStatusCode?: number } };
      assert.equal($metadata.httpStatusCode, 500);
      return true;
    });
    assert.equal(await launchedEver(), 0);
    const launched = await run(bench.ec2, { MinCount: 1, MaxCount: 5 });
    assert.equal(launched.length, 3);
    await assert.rejects(run(bench.ec2), { name: 'InsufficientInstanceCapacity' });
    await run(bench.ec2, { SubnetId: subnetB });
    // A terminated instance frees its capacity; the token of the failed launch stays used.
    await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: launched }));
    await run(bench.ec2);
    await assert.rejects(run(bench.ec2, { MinCount: 1, MaxCount: 5, ClientToken: 'big' }), {
      name: 'IdempotentParameterMismatch',
    });
  });

  it('a fleet tries offering after offering and reports which was short', async () => {
    await bench.control.setPools([
      { instanceType: 'm5.large', capacity: 2 },
      { instanceType: 'c5.large', capacity: 0 },
    ]);
    const template = await makeTemplate(bench.ec2);
    const answer = await fleet(bench.ec2, template, 5, [
      { InstanceType: 'm5.large', SubnetId: subnetA, AvailabilityZone: 'us-east-1a' },
      { InstanceType: 'c5.large', SubnetId: subnetA },
      { InstanceType: 'm5.nano' as 'm5.large', SubnetId: subnetA },
      { InstanceType: 'r5.large', SubnetId: 'subnet-0123456789abcdef0' },
      { InstanceType: 'm5.large', SubnetId: subnetB },
    ]);
    assert.equal(fleetIds(answer).length, 4);
    assert.deepEqual(
      answer.Instances?.map((group) => [group.InstanceType, group.Lifecycle, group.InstanceIds?.length]),
      [
        ['m5.large', 'on-demand', 2],
        ['m5.large', 'on-demand', 2],
      ],
    );
    assert.deepEqual(
      answer.Errors?.map((each) => [each.ErrorCode, each.LaunchTemplateAndOverrides?.Overrides?.SubnetId]),
      [
        ['InsufficientInstanceCapacity', subnetA],
        ['InsufficientInstanceCapacity', subnetA],
        ['InvalidParameterValue', subnetA],
        ['InvalidSubnetID.NotFound', 'subnet-0123456789abcdef0'],
        ['InsufficientInstanceCapacity', subnetB],
      ],
    );
    assert.equal(answer.Errors[0]?.LaunchTemplateAndOverrides?.Overrides?.AvailabilityZone, 'us-east-1a');
  });

  it('a fleet that launches nothing succeeds, and its token is remembered', async () => {
    await bench.control.setPools([{ capacity: 0 }]);
    const template = await makeTemplate(bench.ec2);
    const first = await fleet(bench.ec2, template, 2, undefined, { ClientToken: 'none' });
    assert.match(first.FleetId ?? '', /^fleet-[0-9a-f]{17}$/);
    assert.deepEqual(fleetIds(first), []);
    await bench.control.setPools([]);
    const second = await fleet(bench.ec2, template, 2, undefined, { ClientToken: 'none' });
    assert.equal(second.FleetId, first.FleetId);
    assert.equal(second.Errors?.[0]?.ErrorCode, 'InsufficientInstanceCapacity');
    assert.equal(await launchedEver(), 0);
  });

  it('a fleet respects weights, priorities and the split of spot and on-demand', async () => {
    const template = await makeTemplate(bench.ec2);
    const answer = await fleet(
      bench.ec2,
      template,
      7,
      [
        { InstanceType: 'm5.large', SubnetId: subnetA, Priority: 2, WeightedCapacity: 1 },
        { InstanceType: 'm5.xlarge', SubnetId: subnetA, Priority: 1, WeightedCapacity: 2 },
      ],
      {
        OnDemandOptions: { AllocationStrategy: 'prioritized' },
        TargetCapacitySpecification: {
          TotalTargetCapacity: 7,
          OnDemandTargetCapacity: 3,
          DefaultTargetCapacityType: 'spot',
        },
      },
    );
    assert.deepEqual(
      answer.Instances?.map((group) => [group.InstanceType, group.Lifecycle, group.InstanceIds?.length]),
      [
        ['m5.xlarge', 'on-demand', 2],
        ['m5.large', 'spot', 4],
      ],
    );
  });

  it('an instance shows the properties from the launch template, the fleet and AWS itself', async () => {
    const template = await makeTemplate(bench.ec2);
    const answer = await fleet(bench.ec2, template, 1, undefined, {
      TagSpecifications: [
        { ResourceType: 'instance', Tags: [{ Key: 'a<b', Value: '"&\'ü' }] },
        { ResourceType: 'volume', Tags: [{ Key: 'disk', Value: 'yes' }] },
        { ResourceType: 'fleet', Tags: [{ Key: 'whole', Value: 'fleet' }] },
      ],
    });
    const found = await bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: fleetIds(answer) }));
    const instance = found.Reservations?.[0]?.Instances?.[0];
    assert.equal(instance?.KeyName, 'key');
    assert.equal(instance.SecurityGroups?.[0]?.GroupId, 'sg-1');
    assert.equal(instance.IamInstanceProfile?.Arn, 'arn:aws:iam::000000000000:instance-profile/profile');
    assert.deepEqual(
      instance.BlockDeviceMappings?.map((device) => device.DeviceName),
      ['/dev/xvda', '/dev/sdb'],
    );
    assert.deepEqual(Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key, tag.Value])), {
      from: 'template',
      'a<b': '"&\'ü',
      'aws:ec2:fleet-id': answer.FleetId,
      'aws:ec2launchtemplate:id': template,
      'aws:ec2launchtemplate:version': '1',
    });
    assert.deepEqual((await bench.control.instances())[0]?.volumeTags, { disk: 'yes' });
    assert.deepEqual((await bench.control.fleets())[0]?.tags, { whole: 'fleet' });
  });

  it('a fleet launch of 500 and a read of 1000 are quick', async () => {
    const template = await makeTemplate(bench.ec2);
    const start = performance.now();
    await fleet(bench.ec2, template, 500);
    const launched = performance.now();
    await fleet(bench.ec2, template, 500);
    const body = new URLSearchParams({
      Action: 'DescribeInstances',
      Version: '2016-11-15',
      MaxResults: '1000',
    });
    const headers = { authorization: 'AWS4-HMAC-SHA256 Credential=test/x' };
    const before = performance.now();
    // Without the SDK, whose XML parser takes longer than everything else.
    const text = await (await fetch(bench.url, { method: 'POST', body, headers })).text();
    const read = performance.now();
    assert.equal(text.match(/<instanceId>/g)?.length, 1000);
    // Twenty times the usual duration: the limit detects quadratic work, not a slow machine.
    assert.ok(launched - start < 1000, `500 launched in ${launched - start} ms`);
    assert.ok(read - before < 1000, `1000 read in ${read - before} ms`);
  });

  it('a launch template has a unique name and its token is replayed', async () => {
    const data = {
      LaunchTemplateName: 'test/name',
      LaunchTemplateData: { ImageId: 'ami-00000000000000001' },
    };
    const create = (token: string) =>
      bench.ec2.send(
        new CreateLaunchTemplateCommand({
          ...data,
          ClientToken: token,
          TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'a', Value: 'b' }] }],
        }),
      );
    const first = await create('one');
    assert.equal(
      (await create('one')).LaunchTemplate?.LaunchTemplateId,
      first.LaunchTemplate?.LaunchTemplateId,
    );
    await assert.rejects(create('two'), { name: 'InvalidLaunchTemplateName.AlreadyExistsException' });
    const LaunchTemplateId = first.LaunchTemplate?.LaunchTemplateId ?? '';

    const found = await bench.ec2.send(
      new DescribeLaunchTemplatesCommand({ Filters: [{ Name: 'tag:a', Values: ['b'] }] }),
    );
    assert.deepEqual(
      found.LaunchTemplates?.map((template) => template.LaunchTemplateName),
      ['test/name'],
    );
    await bench.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
    await assert.rejects(
      bench.ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [LaunchTemplateId] })),
      { name: 'InvalidLaunchTemplateId.NotFound' },
    );
    await assert.rejects(
      bench.ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['test/name'] })),
      { name: 'InvalidLaunchTemplateName.NotFoundException' },
    );
    await assert.rejects(fleet(bench.ec2, LaunchTemplateId, 1), { name: 'InvalidLaunchTemplateId.NotFound' });
  });
});
