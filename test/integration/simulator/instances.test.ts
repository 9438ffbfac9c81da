import { strict as assert } from 'node:assert';
import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import type { Instance } from '@aws-sdk/client-ec2';
import { ids, image, run, startBench, subnetB } from '../../fixtures/cloud/simulatedEc2.ts';
import type { Harness } from '../../fixtures/cloud/simulatedEc2.ts';

const group = (Value: string) => [{ ResourceType: 'instance' as const, Tags: [{ Key: 'group', Value }] }];

describe('simulated instances', () => {
  let bench: Harness;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  async function describeOne(id: string | undefined): Promise<Instance> {
    const answer = await bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id ?? ''] }));
    const instance = answer.Reservations?.[0]?.Instances?.[0];
    assert.ok(instance);
    return instance;
  }

  async function filtered(name: string, ...values: string[]): Promise<string[]> {
    const answer = await bench.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: name, Values: values }] }),
    );
    return ids(answer.Reservations?.flatMap((reservation) => reservation.Instances ?? []));
  }

  it('an instance goes from pending through running and shutting-down to terminated, and disappears after an hour', async () => {
    const [id] = await run(bench.ec2, { ClientToken: 'token', KeyName: 'key' });
    const pending = await describeOne(id);
    assert.equal(pending.State?.Name, 'pending');
    assert.equal(pending.State.Code, 0);
    assert.equal(pending.ClientToken, 'token');
    assert.equal(pending.KeyName, 'key');
    assert.equal(pending.PrivateIpAddress, '10.0.0.4');
    assert.equal(pending.PrivateDnsName, 'ip-10-0-0-4.ec2.internal');
    assert.equal(pending.Placement?.AvailabilityZone, 'us-east-1a');
    assert.equal(pending.LaunchTime?.toISOString(), '2026-01-01T00:00:00.000Z');
    bench.pass(2000);
    assert.equal((await describeOne(id)).State?.Name, 'running');

    const ended = await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id ?? ''] }));
    assert.equal(ended.TerminatingInstances?.[0]?.PreviousState?.Name, 'running');
    assert.equal(ended.TerminatingInstances[0].CurrentState?.Name, 'shutting-down');
    bench.pass(2000);
    const terminated = await describeOne(id);
    assert.equal(terminated.State?.Name, 'terminated');
    assert.equal(terminated.StateReason?.Code, 'Client.UserInitiatedShutdown');
    assert.equal(terminated.StateTransitionReason, 'User initiated (2026-01-01 00:00:02 GMT)');
    assert.equal(terminated.PrivateIpAddress, undefined);
    assert.equal(terminated.PrivateDnsName, '');
    bench.pass(3_600_000);
    await assert.rejects(describeOne(id), { name: 'InvalidInstanceID.NotFound' });
  });

  it('TerminateInstances with one unknown id terminates nothing', async () => {
    const [id = ''] = await run(bench.ec2);
    const unknown = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    await assert.rejects(bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id, ...unknown] })), {
      name: 'InvalidInstanceID.NotFound',
      message: "The instance IDs 'i-0123456789abcdef0, i-0123456789abcdef1' do not exist",
    });
    await assert.rejects(bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id, 'i-xyz'] })), {
      name: 'InvalidInstanceID.Malformed',
    });
    assert.deepEqual((await bench.control.summary()).liveIds, [id]);
  });

  it('terminating an instance twice has the effect of once', async () => {
    const [id = ''] = await run(bench.ec2);
    const terminate = () => bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id, id] }));
    await terminate();
    const again = await terminate();
    assert.equal(again.TerminatingInstances?.length, 1);
    assert.equal(again.TerminatingInstances[0]?.PreviousState?.Name, 'shutting-down');
    const log = await bench.control.log();
    assert.deepEqual(
      log.map((entry) => entry.terminated),
      [[], [id], []],
    );
  });

  it('more than 1000 instances are listed in pages of exactly MaxResults', async () => {
    const launched = await run(bench.ec2, { MinCount: 1, MaxCount: 1150 });
    const listed: string[] = [];
    const sizes: number[] = [];
    let token: string | undefined;
    do {
      const page = await bench.ec2.send(
        new DescribeInstancesCommand({ MaxResults: 500, ...(token && { NextToken: token }) }),
      );
      const found = ids(page.Reservations?.flatMap((reservation) => reservation.Instances ?? []));
      sizes.push(found.length);
      listed.push(...found);
      token = page.NextToken;
    } while (token !== undefined);
    assert.deepEqual(sizes, [500, 500, 150]);
    assert.deepEqual(listed, launched);
    assert.equal(new Set((await bench.control.instances()).map((each) => each.privateIp)).size, 1150);
  });

  it('a smaller page size in the settings overrides MaxResults', async () => {
    const launched = await run(bench.ec2, { MinCount: 3, MaxCount: 3 });
    await bench.control.setSettings({ pageSize: 2 });
    const first = await bench.ec2.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
    const { NextToken } = first;
    assert.ok(NextToken);
    const second = await bench.ec2.send(new DescribeInstancesCommand({ MaxResults: 1000, NextToken }));
    const pages = [first, second].map(({ Reservations = [] }) =>
      ids(Reservations.flatMap(({ Instances = [] }) => Instances)),
    );
    assert.deepEqual(pages, [launched.slice(0, 2), launched.slice(2)]);
  });

  it('filters select instances', async () => {
    const [first] = await run(bench.ec2, { ClientToken: 'one', TagSpecifications: group('alpha-1') });
    const [second] = await run(bench.ec2, {
      SubnetId: subnetB,
      InstanceType: 'c5.large',
      TagSpecifications: group('alpha.2'),
    });
    assert.deepEqual(await filtered('tag:group', 'alpha-1'), [first]);
    assert.deepEqual(await filtered('tag:group', 'alpha*'), [first, second]);
    assert.deepEqual(await filtered('tag:group', 'alpha?2'), [second]);
    assert.deepEqual(await filtered('tag-key', 'group'), [first, second]);
    assert.deepEqual(await filtered('client-token', 'one'), [first]);
    assert.deepEqual(await filtered('instance-type', 'c5.*'), [second]);
    assert.deepEqual(await filtered('subnet-id', subnetB), [second]);
    assert.deepEqual(await filtered('availability-zone', 'us-east-1a', 'us-east-1b'), [first, second]);
    assert.deepEqual(await filtered('private-ip-address', '10.0.64.4'), [second]);
    assert.deepEqual(await filtered('private-dns-name', 'ip-10-0-0-4.ec2.internal'), [first]);
    assert.deepEqual(await filtered('instance-id', first ?? ''), [first]);
    assert.deepEqual(await filtered('instance-state-name', 'running'), []);
    bench.pass(2000);
    assert.deepEqual(await filtered('instance-state-name', 'running'), [first, second]);
  });

  it('the simulator refuses the queries that AWS refuses', async () => {
    const [id = ''] = await run(bench.ec2);
    await assert.rejects(filtered('no-such-filter', 'x'), { name: 'InvalidParameterValue' });
    const many = Array.from({ length: 201 }, (_, index) => `i-${index}`);
    await assert.rejects(filtered('instance-id', ...many), { name: 'FilterLimitExceeded' });
    await assert.rejects(bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id], MaxResults: 5 })), {
      name: 'InvalidParameterCombination',
    });
    await assert.rejects(bench.ec2.send(new DescribeInstancesCommand({ MaxResults: 1001 })), {
      name: 'InvalidParameterValue',
    });
    await assert.rejects(bench.ec2.send(new DescribeInstancesCommand({ NextToken: 'nonsense' })), {
      name: 'InvalidNextToken',
    });
  });

  it('the consistency lag hides new instances, tags and states', async () => {
    await bench.control.setSettings({ consistencyLagMs: 5000 });
    const [id = ''] = await run(bench.ec2);
    await assert.rejects(describeOne(id), {
      name: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${id}' does not exist`,
    });
    assert.deepEqual(await filtered('instance-type', 'm5.large'), []);
    bench.pass(5000);
    assert.equal((await describeOne(id)).State?.Name, 'pending');
    bench.pass(2000);
    assert.equal((await describeOne(id)).State?.Name, 'running');

    await bench.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'late', Value: 'yes' }] }));
    await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const stale = await describeOne(id);
    assert.equal(stale.State?.Name, 'running');
    assert.deepEqual(stale.Tags ?? [], []);
    bench.pass(5000);
    const fresh = await describeOne(id);
    assert.equal(fresh.State?.Name, 'shutting-down');
    assert.deepEqual(fresh.Tags, [{ Key: 'late', Value: 'yes' }]);
  });

  it('an instance may run for a while before AWS shows its name and address', async () => {
    await bench.control.setSettings({ addressLagMs: 3000 });
    const [id = ''] = await run(bench.ec2);
    const shown = async () => {
      const { State, PrivateDnsName, PrivateIpAddress } = await describeOne(id);
      return [State?.Name, PrivateDnsName !== '', PrivateIpAddress !== undefined];
    };
    bench.pass(4999);
    assert.deepEqual(await shown(), ['running', false, false]);
    bench.pass(1);
    assert.deepEqual(await shown(), ['running', true, true]);
  });

  it('instance status lists running instances, and all of them on request', async () => {
    const [id = ''] = await run(bench.ec2);
    const status = async (all: boolean) =>
      (
        await bench.ec2.send(
          new DescribeInstanceStatusCommand({ InstanceIds: [id], IncludeAllInstances: all }),
        )
      ).InstanceStatuses;
    assert.deepEqual((await status(false)) ?? [], []);
    assert.equal((await status(true))?.[0]?.InstanceState?.Name, 'pending');
    bench.pass(2000);
    assert.equal((await status(false))?.[0]?.InstanceStatus?.Status, 'ok');
    const many = Array.from({ length: 101 }, () => id);
    await assert.rejects(bench.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: many })), {
      name: 'RequestResourceCountExceeded',
    });
  });

  it('new times apply to future transitions', async () => {
    const [id] = await run(bench.ec2);
    await bench.control.setSettings({ pendingSeconds: 60 });
    bench.pass(2000);
    assert.equal((await describeOne(id)).State?.Name, 'pending');
    await bench.control.setSettings({ pendingSeconds: 0 });
    assert.equal((await describeOne(id)).State?.Name, 'running');
    await bench.control.setSettings({ pendingSeconds: 60 });
    assert.equal((await describeOne(id)).State?.Name, 'running');
  });

  it('someone else can terminate an instance with a reason', async () => {
    const [id = ''] = await run(bench.ec2, { InstanceMarketOptions: { MarketType: 'spot' } });
    await bench.control.terminate(id, 'Server.SpotInstanceTermination');
    const instance = await describeOne(id);
    assert.equal(instance.State?.Name, 'shutting-down');
    assert.equal(instance.StateReason?.Code, 'Server.SpotInstanceTermination');
    assert.equal(instance.InstanceLifecycle, 'spot');
    const log = await bench.control.log(1);
    assert.deepEqual(
      log.map(({ action, terminated }) => ({ action, terminated })),
      [
        { action: 'simulator:terminate', terminated: [id] },
        { action: 'DescribeInstances', terminated: [] },
      ],
    );
  });

  it('an instance can disappear from AWS at once', async () => {
    const [id = ''] = await run(bench.ec2);
    await bench.control.forget(id);
    await assert.rejects(describeOne(id), { name: 'InvalidInstanceID.NotFound' });
    assert.deepEqual((await bench.control.summary()).liveIds, []);
  });

  it('nothing is launched from a template, image or subnet that does not exist', async () => {
    const bad = async (input: Parameters<typeof run>[1], name: string) => {
      await assert.rejects(run(bench.ec2, input), { name });
    };
    await bad({ ImageId: 'ami-0123456789abcdef0' }, 'InvalidAMIID.NotFound');
    await bad({ ImageId: 'linux' }, 'InvalidAMIID.Malformed');
    await bad({ ImageId: 'ami-00000000000000002' }, 'InvalidParameterValue');
    await bad({ InstanceType: 'm5.nano' as 'm5.large' }, 'InvalidParameterValue');
    await bad({ SubnetId: 'subnet-0123456789abcdef0' }, 'InvalidSubnetID.NotFound');
    await bad(
      { LaunchTemplate: { LaunchTemplateName: 'none' } },
      'InvalidLaunchTemplateName.NotFoundException',
    );
    await bad({ MinCount: 3, MaxCount: 2, ImageId: image }, 'InvalidParameterValue');
    assert.equal((await bench.control.summary()).launchedEver, 0);
  });
});
