import { strict as assert } from 'node:assert';
import {
  CreateFleetCommand,
  DescribeImagesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { image, makeTemplate, run, startBench, subnetA } from '../../fixtures/cloud/simulatedEc2.ts';
import type { Harness } from '../../fixtures/cloud/simulatedEc2.ts';

/** The name and status of the error a call ends in. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => assert.fail('succeeded'),
    (reason: unknown) => reason as { name: string; $metadata: { httpStatusCode: number } },
  );
  return { name: error.name, $metadata: { httpStatusCode: error.$metadata.httpStatusCode } };
}

describe('the simulated EC2 API', () => {
  let bench: Harness;
  beforeEach(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    await bench.close();
  });

  async function post(params: Record<string, string>, authorization?: string): Promise<[number, string]> {
    const response = await fetch(bench.url, {
      method: 'POST',
      body: new URLSearchParams({ Version: '2016-11-15', ...params }),
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    const code = /<Code>(.*)<\/Code>/.exec(await response.text())?.[1] ?? '';
    return [response.status, code];
  }

  const runTagged = (...keys: string[]) =>
    run(bench.ec2, {
      TagSpecifications: [{ ResourceType: 'instance', Tags: keys.map((Key) => ({ Key, Value: 'x' })) }],
    });

  const signed = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ec2/aws4_request';

  it('the simulator refuses an unknown action', async () => {
    await assert.rejects(bench.ec2.send(new DescribeVolumesCommand({})), (error: Error) => {
      assert.equal(error.name, 'InvalidAction');
      assert.equal(error.message, 'The action DescribeVolumes is not valid for this web service.');
      const { $metadata } = error as Error & {
        $metadata: { httpStatusCode?: number; requestId?: string };
      };
      assert.equal($metadata.httpStatusCode, 400);
      assert.match($metadata.requestId ?? '', /^[0-9a-f-]{36}$/);
      return true;
    });
    assert.equal((await bench.control.log())[0]?.outcome, 'InvalidAction');
  });

  it('the simulator refuses an unsigned call', async () => {
    assert.deepEqual(await post({ Action: 'DescribeInstances' }), [403, 'MissingAuthenticationToken']);
    assert.deepEqual(await post({ Action: 'DescribeInstances' }, 'Basic x'), [401, 'AuthFailure']);
  });

  it('the simulator refuses missing and unknown parameters and versions', async () => {
    assert.deepEqual(await post({}, signed), [400, 'MissingAction']);
    assert.deepEqual(await post({ Action: 'RunInstances', MaxCount: '1' }, signed), [
      400,
      'MissingParameter',
    ]);
    assert.deepEqual(await post({ Action: 'TerminateInstances' }, signed), [400, 'MissingParameter']);
    assert.deepEqual(await post({ Action: 'DescribeInstances', Colour: 'red' }, signed), [
      400,
      'UnknownParameter',
    ]);
    assert.deepEqual(await post({ Action: 'DescribeInstances', Version: '2001-01-01' }, signed), [
      400,
      'NoSuchVersion',
    ]);
    assert.deepEqual(await post({ Action: 'DescribeInstances', 'a.b': '1', 'a.b.c': '1' }, signed), [
      400,
      'MalformedQueryString',
    ]);
  });

  it('a dry run makes the same checks and changes nothing', async () => {
    const [id = ''] = await run(bench.ec2);
    const dry = { name: 'DryRunOperation', $metadata: { httpStatusCode: 412 } };
    assert.deepEqual(await outcome(run(bench.ec2, { DryRun: true })), dry);
    const terminate = (InstanceIds: string[]) =>
      bench.ec2.send(new TerminateInstancesCommand({ InstanceIds, DryRun: true }));
    assert.deepEqual(await outcome(terminate([id])), dry);
    await assert.rejects(terminate(['i-0123456789abcdef0']), { name: 'InvalidInstanceID.NotFound' });
    assert.deepEqual((await bench.control.summary()).liveIds, [id]);
  });

  it('the simulator refuses parameters that it does not simulate', async () => {
    const LaunchTemplateId = await makeTemplate(bench.ec2);
    await assert.rejects(
      bench.ec2.send(
        new CreateFleetCommand({
          Type: 'instant',
          LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId, Version: '1' } }],
          TargetCapacitySpecification: { TotalTargetCapacity: 1 },
          OnDemandOptions: { MinTargetCapacity: 1 },
        }),
      ),
      { name: 'UnsupportedOperation' },
    );
  });

  it('the simulator refuses reserved and duplicate tags', async () => {
    await assert.rejects(runTagged('aws:mine'), { name: 'InvalidParameterValue' });
    await assert.rejects(runTagged('a', 'a'), { name: 'InvalidParameterValue' });
    await assert.rejects(runTagged(...Array.from({ length: 51 }, (_, index) => `k${index}`)), {
      name: 'TagLimitExceeded',
    });
  });

  it('the simulator describes its instance types, subnets and images', async () => {
    const types = await bench.ec2.send(
      new DescribeInstanceTypesCommand({ InstanceTypes: ['r5.2xlarge', 'm6g.large'] }),
    );
    assert.deepEqual(
      types.InstanceTypes?.map((type) => [
        type.InstanceType,
        type.VCpuInfo?.DefaultVCpus,
        type.MemoryInfo?.SizeInMiB,
        type.ProcessorInfo?.SupportedArchitectures?.[0],
      ]),
      [
        ['r5.2xlarge', 8, 65536, 'x86_64'],
        ['m6g.large', 2, 8192, 'arm64'],
      ],
    );
    await assert.rejects(
      bench.ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: ['m5.nano' as 'm5.large'] })),
      { name: 'InvalidInstanceType' },
    );

    await run(bench.ec2, { MaxCount: 4 });
    const subnets = await bench.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnetA] }));
    assert.equal(subnets.Subnets?.[0]?.CidrBlock, '10.0.0.0/18');
    assert.equal(subnets.Subnets[0].AvailabilityZone, 'us-east-1a');
    assert.equal(subnets.Subnets[0].AvailableIpAddressCount, 16384 - 5 - 4);
    assert.equal((await bench.ec2.send(new DescribeSubnetsCommand({}))).Subnets?.length, 3);

    const images = await bench.ec2.send(new DescribeImagesCommand({ ImageIds: [image] }));
    assert.equal(images.Images?.[0]?.Architecture, 'x86_64');
    await assert.rejects(bench.ec2.send(new DescribeImagesCommand({ ImageIds: ['ami-0123456789abcdef0'] })), {
      name: 'InvalidAMIID.NotFound',
    });
  });

  it('a subnet runs out of addresses and reuses those of terminated instances', async () => {
    const fill = new RunInstancesCommand({
      MinCount: 1,
      MaxCount: 20_000,
      ImageId: image,
      InstanceType: 'm5.large',
      SubnetId: subnetA,
      ClientToken: 'fill',
    });
    const launched = (await bench.ec2.send(fill)).Instances ?? [];
    assert.equal(launched.length, 16379);
    await assert.rejects(run(bench.ec2), { name: 'InsufficientFreeAddressesInSubnet' });
    const freed = launched[7]?.PrivateIpAddress;
    await bench.control.terminate(launched[7]?.InstanceId ?? '');
    bench.pass(2000);
    const [id] = await run(bench.ec2);
    const found = (await bench.control.instances()).find((instance) => instance.id === id);
    assert.equal(found?.privateIp, freed);
  });

  it('the simulator logs each call with its exact parameters', async () => {
    const [id] = await run(bench.ec2, { ClientToken: 'token' });
    const [entry] = await bench.control.log();
    assert.deepEqual(entry, {
      seq: 1,
      time: '2026-01-01T00:00:00.000Z',
      action: 'RunInstances',
      outcome: 'ok',
      token: 'token',
      launched: [id],
      terminated: [],
      replay: false,
      params: {
        MinCount: '1',
        MaxCount: '1',
        ImageId: image,
        InstanceType: 'm5.large',
        SubnetId: subnetA,
        ClientToken: 'token',
      },
    });
    assert.deepEqual(await bench.control.log(1), []);
    assert.deepEqual((await bench.control.summary()).calls, { RunInstances: 1 });
  });
});
