import { strict as assert } from 'node:assert';
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { Client } from '@temporalio/client';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { createInstanceReader } from '../../../activities/aws/instance/instanceReader.ts';
import { createMachineReader } from '../../../activities/aws/instance/machineReader.ts';
import { createLaunchMethods } from '../../../activities/aws/launch/methods/index.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import { createReadActivities } from '../../../activities/returns/deliverReturn.ts';
import type { DeliverReturnResult } from '../../../contract/activities.ts';
import { formatHostNaming, type HostNaming } from '../../../domain/machine/hostName.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { run } from '../../fixtures/cloud/simulatedEc2.ts';
import type { Delivery } from '../../../domain/return/delivery.ts';

const owner = { deployment: 'test', provider: 'awsinst' };
const domain = 'grid.example.com';
const STRATEGIES: readonly (HostNaming | undefined)[] = [
  undefined,
  { strategy: 'private-dns', domain },
  { strategy: 'resource-name' },
  { strategy: 'short' },
  { strategy: 'ip' },
  { strategy: 'ip-hex' },
  { strategy: 'ip-hex', domain },
];

describe('machines by their names', () => {
  let simulator: Simulator;
  let aws: AwsClients;
  before(async () => {
    process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
    process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
    simulator = await startSimulator({ pendingSeconds: 0, shuttingDownSeconds: 0 });
    aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 0.7 });
  });
  after(async () => {
    aws.destroy();
    await simulator.close();
  });

  const reader = () =>
    createMachineReader(
      aws,
      createInstanceReader(aws.reading),
      createLaunchMethods(aws, createLaunchTemplates(aws), createUnavailableOfferings()),
      (error) => assert.fail(String(error)),
    );

  async function launch(naming: HostNaming | undefined): Promise<string> {
    const tags = Object.entries({
      'ohf:deployment': owner.deployment,
      'ohf:provider': owner.provider,
      'ohf:request-id': 'req-1',
      ...(naming ? { 'ohf:host-naming': formatHostNaming(naming) } : {}),
    }).map(([Key, Value]) => ({ Key, Value }));
    const TagSpecifications = [{ ResourceType: 'instance' as const, Tags: tags }];
    const [id = ''] = await run(aws.mutating, { TagSpecifications });
    return id;
  }

  /** The result of a return that has only a name. */
  async function returnByName(name: string): Promise<Delivery | undefined> {
    const workflow = { getHandle: () => ({ signal: async () => {} }) };
    const signalled = { options: {}, workflow } as unknown as Client;
    const { deliverReturn } = createReadActivities(reader(), signalled);
    const machines = [{ index: 0, name, wasDelivered: false }];
    const input = { ...owner, returnId: 'ret-1', createdAt: Date.now() + 1_000, machines };
    const { deliveries }: DeliverReturnResult = await activityEnvironment().run(deliverReturn, input);
    return deliveries[0];
  }

  for (const naming of STRATEGIES) {
    it(`machines are released under any form of their name: ${naming ? formatHostNaming(naming) : 'no tag'}`, async () => {
      const [machineId] = [await launch(naming), await launch(naming)];
      const name = (await reader().readMachines([machineId])).get(machineId)?.name ?? '';
      assert.notEqual(name, '');
      const isAddress = naming?.strategy === 'ip';
      const short = isAddress ? name : (name.split('.')[0] ?? '');
      for (const form of [name, name.toUpperCase(), short, isAddress ? name : `${short}.${domain}`]) {
        const found = await returnByName(form);
        // A machine of another domain is another machine.
        const other = form.includes('.') && name.includes('.') && form.toLowerCase() !== name.toLowerCase();
        if (other)
          assert.match(found?.kind === 'rejected' ? found.message : '', /No live machine .* has the name/);
        else assert.equal(found?.kind === 'signalled' ? found.machineId : found?.kind, machineId, form);
      }
      const all = await reader().listMachines(owner);
      const InstanceIds = all.map((machine) => machine.machineId);
      await aws.mutating.send(new TerminateInstancesCommand({ InstanceIds }));
    });
  }
});
