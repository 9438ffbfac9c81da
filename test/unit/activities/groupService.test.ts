import { strict as assert } from 'node:assert';
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import type { AwsClients } from '../../../activities/aws/client/clients.ts';
import { createGroupService } from '../../../activities/aws/group/groupService.ts';
import type { InstanceReader } from '../../../activities/aws/instance/instanceReader.ts';
import type { LaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createGroupSizes } from '../../../activities/aws/launch/methods/autoScaling.ts';
import type {
  GroupLaunchMethod,
  LaunchMethods,
} from '../../../activities/aws/launch/methods/launchMethod.ts';
import { createSpotFleetMethod } from '../../../activities/aws/launch/methods/spotFleet.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import type { LaunchResult, GroupInput } from '../../../contract/activities.ts';
import type { MachineState } from '../../../domain/machine/machine.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { anObservation } from '../../fixtures/builders.ts';

describe('the freeze of a group', () => {
  const input: GroupInput = {
    launch: { ordinal: 1, token: 'launch-1', units: 3, decidedAt: 0, stage: 'open', fulfilledUnits: 0 },
    group: { launchMethod: 'ec2FleetMaintain', id: 'fleet-1' },
    requestId: 'req-1',
    weights: {},
    knownMembers: 0,
    deadline: Date.now() + 60_000,
  };

  /** Freezes a group of three whose members are in these states. */
  function freeze(states: readonly MachineState[]): Promise<LaunchResult> {
    const members = states.map((state, index) => ({
      ...anObservation(`i-${index}`, { state }),
      tags: { fleet: 'fleet-1', 'ohf:launch': 'launch-1' },
    }));
    const manager = {
      memberTag: 'fleet',
      describe: async () => [{ id: 'fleet-1', isFrozen: true }],
      shortages: async () => [],
    } as unknown as GroupLaunchMethod;
    const groups = createGroupService(
      {} as AwsClients,
      { groups: { ec2FleetMaintain: manager } } as unknown as LaunchMethods,
      { describeByFilter: async () => members } as unknown as InstanceReader,
      { pollSeconds: 1, onReadError: assert.ifError },
    );
    return activityEnvironment().run(() => groups.freeze(input));
  }

  it('a freeze is complete when the group is full', async () =>
    assert.equal((await freeze(['running', 'pending', 'running'])).stage, undefined));

  it('a freeze rereads a group with an ending member, because the group may have replaced it already', async () =>
    assert.equal((await freeze(['running', 'running', 'shutting-down'])).stage, 'settling'));

  it('a freeze of a Spot Fleet rejects an empty response', async () => {
    const clients = { mutating: { send: async () => ({}) } } as unknown as AwsClients;
    const manager = createSpotFleetMethod(
      'maintain',
      clients,
      {} as LaunchTemplates,
      createUnavailableOfferings(),
    );
    await assert.rejects(manager.freeze('sfr-1'), { kind: 'ambiguous' });
  });
});

describe('the size of an Auto Scaling group', () => {
  /** @returns the size that is set when i-1 of three is released, of which i-2 is in this state */
  async function sizesSet(LifecycleState: string): Promise<number[]> {
    const member = (InstanceId: string, state = 'InService') => ({ InstanceId, LifecycleState: state });
    const group = {
      AutoScalingGroupName: 'group-1',
      DesiredCapacity: 3,
      Instances: [member('i-1'), member('i-2', LifecycleState), member('i-3')],
    };
    const sizes: number[] = [];
    const scaling = {
      config: {},
      async send(command: { input: { DesiredCapacity?: number } }) {
        if (command instanceof DescribeAutoScalingGroupsCommand) return { AutoScalingGroups: [group] };
        sizes.push(command.input.DesiredCapacity ?? 0);
        return {};
      },
    };
    Object.setPrototypeOf(scaling, AutoScalingClient.prototype);
    await createGroupSizes({ autoScaling: scaling } as unknown as AwsClients).reduceDesired(
      ['group-1'],
      ['i-1'],
    );
    return sizes;
  }

  it('the size of an Auto Scaling group decreases with a released machine', async () =>
    assert.deepEqual(await sizesSet('InService'), [2]));

  it('the size of an Auto Scaling group stays while an unprotected member boots, because AWS might terminate that one', async () =>
    assert.deepEqual(await sizesSet('Pending'), []));
});
