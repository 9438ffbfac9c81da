import { strict as assert } from 'node:assert';
import {
  DescribeInstancesCommand,
  DescribeSpotInstanceRequestsCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { ids, run, startBench, subnetA, subnetB } from '../../fixtures/cloud/simulatedEc2.ts';
import type { Harness } from '../../fixtures/cloud/simulatedEc2.ts';

describe('the limits of the simulated AWS', () => {
  let bench: Harness;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  it('the simulator enforces request rates when they are switched on', async () => {
    const calls = async (count: number): Promise<number> => {
      const all = await Promise.allSettled(Array.from({ length: count }, () => run(bench.ec2)));
      return all.filter(({ status }) => status === 'fulfilled').length;
    };
    assert.equal(await calls(8), 8);
    await bench.control.setSettings({ throttle: 1 });
    assert.equal(await calls(8), 5);
    bench.pass(2_000);
    assert.equal(await calls(8), 4);
    await assert.rejects(run(bench.ec2), { name: 'RequestLimitExceeded' });
  });

  it('exceeded quotas and exhausted addresses each have their own error code', async () => {
    await bench.control.setQuotas({ vcpus: { 'on-demand': 4 }, addresses: { [subnetB]: 1 } });
    await run(bench.ec2, { SubnetId: subnetB });
    await assert.rejects(run(bench.ec2, { SubnetId: subnetB }), {
      name: 'InsufficientFreeAddressesInSubnet',
    });
    await run(bench.ec2, { SubnetId: subnetA });
    await assert.rejects(run(bench.ec2), { name: 'VcpuLimitExceeded' });
    await bench.control.setQuotas({});
    await run(bench.ec2);
  });

  it('a protected instance cannot be terminated', async () => {
    const [id = '', other = ''] = await run(bench.ec2, { MaxCount: 2 });
    const terminate = (...InstanceIds: string[]) =>
      bench.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    await bench.control.protect(id);
    await assert.rejects(terminate(id, other), { name: 'OperationNotPermitted' });
    await terminate(other);
    await bench.control.protect(id, false);
    await terminate(id);
    assert.equal((await bench.control.summary()).live, 0);
  });

  it('a stopped instance remains and can be terminated', async () => {
    const [id = ''] = await run(bench.ec2);
    bench.pass(5_000);
    await bench.control.stop(id);
    bench.pass(5_000);
    const { Reservations } = await bench.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    assert.equal(Reservations?.[0]?.Instances?.[0]?.State?.Name, 'stopped');
    assert.equal((await bench.control.summary()).live, 1);
    await bench.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    assert.equal((await bench.control.summary()).live, 0);
  });

  it('a spot instance is interrupted after its notice', async () => {
    const [id = ''] = await run(bench.ec2, { InstanceMarketOptions: { MarketType: 'spot' } });
    bench.pass(5_000);
    await bench.control.interrupt(id);
    const noticed = async (): Promise<string[]> => {
      const Filters = [{ Name: 'status-code', Values: ['marked-for-termination'] }];
      const found = await bench.ec2.send(new DescribeSpotInstanceRequestsCommand({ Filters }));
      return ids(found.SpotInstanceRequests);
    };
    assert.deepEqual(await noticed(), [id]);
    bench.pass(119_000);
    assert.equal((await bench.control.summary()).live, 1);
    bench.pass(2_000);
    // Simulated time advances only when a call arrives.
    await bench.ec2.send(new DescribeInstancesCommand({}));
    assert.equal((await bench.control.summary()).live, 0);
    assert.deepEqual(await noticed(), []);
  });
});
