import { strict as assert } from 'node:assert';
import { DescribeAutoScalingGroupsCommand } from '@aws-sdk/client-auto-scaling';
import { DeleteLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { createGroupService } from '../../../activities/aws/group/groupService.ts';
import {
  createInstanceReader,
  type InstanceReader,
} from '../../../activities/aws/instance/instanceReader.ts';
import { createInstanceReadCoalescer } from '../../../activities/aws/instance/instanceReadCoalescer.ts';
import { createLaunchService } from '../../../activities/aws/launch/launchService.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createLaunchMethods } from '../../../activities/aws/launch/methods/index.ts';
import { groupMethodNamed, type LaunchMethods } from '../../../activities/aws/launch/methods/launchMethod.ts';
import { listOwnedGroups } from '../../../activities/aws/group/ownedGroups.ts';
import { toAwsParameters } from '../../../activities/aws/launch/launchParameters.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import { createTerminateActivities } from '../../../activities/aws/instance/terminateActivities.ts';
import { createWaitActivities } from '../../../activities/aws/instance/waitActivities.ts';
import { LAUNCH_STALE } from '../../../contract/activities.ts';
import type {
  LaunchResult,
  GroupInput,
  LaunchParameters,
  TerminateActivities,
  WaitActivities,
} from '../../../contract/activities.ts';
import type { LaunchCall, LaunchedResources, LaunchService } from '../../../activities/provider.ts';
import type { Group } from '../../../domain/request/launch.ts';
import type { ProviderApi, Template } from '../../../domain/template/template.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { simulatorControl, type SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { assertWithinPolicy } from '../../fixtures/cloud/withinPolicy.ts';

const MINUTE = 60_000;
const SPOT = { priceType: 'spot', fleetRole: 'arn:aws:iam::000000000000:role/fleet' } as const;
const TYPES = [
  { instanceType: 't3.medium', units: 1 },
  { instanceType: 'm5.xlarge', units: 4 },
];

const MANAGERS: readonly (readonly [ProviderApi, Partial<Template>, creating: string, freezing: string])[] = [
  ['EC2FleetRequest', {}, 'CreateFleet', 'DeleteFleets'],
  ['EC2FleetMaintain', {}, 'CreateFleet', 'DeleteFleets'],
  ['EC2FleetMaintain', SPOT, 'CreateFleet', 'DeleteFleets'],
  ['SpotFleetRequest', SPOT, 'RequestSpotFleet', 'CancelSpotFleetRequests'],
  ['SpotFleetMaintain', SPOT, 'RequestSpotFleet', 'CancelSpotFleetRequests'],
  ['AutoScalingGroup', {}, 'CreateAutoScalingGroup', 'SuspendProcesses'],
  ['AutoScalingGroup', SPOT, 'CreateAutoScalingGroup', 'SuspendProcesses'],
];

/** By the call that creates a group, the one that lists such groups. */
const LISTING: Readonly<Record<string, string>> = {
  CreateFleet: 'DescribeFleets',
  RequestSpotFleet: 'DescribeSpotFleetRequests',
  CreateAutoScalingGroup: 'DescribeAutoScalingGroups',
};

for (const [providerApi, changes, creating, freezing] of MANAGERS) {
  describe(`a group by ${providerApi}${changes.priceType ? ' of spot machines' : ''}`, () => {
    let simulator: Simulator;
    let control: SimulatorControl;
    let aws: AwsClients;
    let launchMethods: LaunchMethods;
    let reader: InstanceReader;
    let activities: LaunchService & TerminateActivities & WaitActivities;
    let ordinal = 0;

    before(async () => {
      process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
      process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
      simulator = await startSimulator({ pendingSeconds: 0, shuttingDownSeconds: 0, groupTickSeconds: 0.02 });
      control = simulatorControl(simulator.url);
      aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 1 });
      reader = createInstanceReader(aws.reading);
      const launchTemplates = createLaunchTemplates(aws);
      const unavailableOfferings = createUnavailableOfferings();
      launchMethods = createLaunchMethods(aws, launchTemplates, unavailableOfferings);
      const quiet = { onReadError: () => {}, onError: () => {} };
      const groups = createGroupService(aws, launchMethods, reader, { pollSeconds: 0.03, ...quiet });
      const watcher = createInstanceReadCoalescer(reader, { minSeconds: 0.03, maxSeconds: 0.03, ...quiet });
      const settings = { consistencySeconds: 0.05 };
      activities = {
        ...createLaunchService({
          launchMethods,
          groups,
          launchTemplates,
          reader,
          unavailableOfferings,
          settings,
        }),
        ...createTerminateActivities(aws, reader),
        ...createWaitActivities(watcher, groups),
      };
    });
    after(async () => {
      aws.destroy();
      await simulator.close();
    });
    afterEach(async () => {
      await control.setPools([]);
      await control.deny([]);
      const { liveIds } = await control.summary();
      await Promise.all(liveIds.map((id) => control.terminate(id)));
    });

    async function aLaunch(units: number, template: Partial<Template> = {}): Promise<LaunchCall> {
      ordinal += 1;
      const token = `test-launch-${ordinal}`;
      const parameters: LaunchParameters = await activityEnvironment().run(activities.prepareLaunch, {
        owner: { deployment: 'test', provider: 'awsinst', requestId: `req-${ordinal}` },
        template: aTemplate({ ...changes, ...template, providerApi }),
        createdAt: Date.now(),
        deadline: Date.now() + MINUTE,
      });
      return {
        launch: { ordinal, token, units, decidedAt: Date.now(), stage: 'open', fulfilledUnits: 0 },
        parameters,
        notAfter: Date.now() + MINUTE,
        mayHaveBeenSent: false,
      };
    }
    const acquire = (input: LaunchCall, attempt = 1): Promise<LaunchResult> =>
      activityEnvironment({ attempt }).run(activities.launchMachines, input);
    const freeze = (input: GroupInput): Promise<LaunchResult> =>
      activityEnvironment().run(activities.freezeGroup, input);
    const inputOf = ({ launch }: LaunchCall, { group }: LaunchResult): GroupInput => {
      assert.ok(group);
      const requestId = `req-${launch.ordinal}`;
      return { launch, group, requestId, weights: {}, knownMembers: 0, deadline: Date.now() + MINUTE };
    };
    /** The groups in an owner's state, which it passes to a release. */
    const groupsToDeleteOf = ({ group }: LaunchResult): Group[] => (group?.mustBeDeleted ? [group] : []);
    const idsOf = (result: LaunchedResources | LaunchResult): string[] =>
      result.machines.map(({ machineId }) => machineId).toSorted();
    const membersOf = async ({ launch }: LaunchCall) =>
      (await control.instances()).filter(({ tags }) => tags['ohf:launch'] === launch.token);
    const calls = async (action: string) => (await control.log()).filter((call) => call.action === action);
    /** Advances the group's own loop by some steps. */
    const aWhile = async (): Promise<void> => {
      const until = Date.now() + 150;
      await eventually('some reads of the loop', async () => {
        await control.summary();
        return Date.now() > until;
      });
    };

    it('a group and its members are discovered by request', async () => {
      const input = await aLaunch(2);
      const { group, ...result } = await acquire(input);
      const find = (requestId: string): Promise<LaunchedResources> =>
        activityEnvironment().run(activities.discoverLaunched, {
          owner: { deployment: 'test', provider: 'awsinst', requestId },
          template: aTemplate({ ...changes, providerApi }),
        });
      const found = await find(`req-${ordinal}`);
      assert.deepEqual(idsOf(found), idsOf(result));
      assert.deepEqual(found.groups, [{ ...group, token: input.launch.token }]);
      assert.deepEqual(await find('req-none'), { machines: [], groups: [] });
    });

    it('a group fills, is frozen, and each member is tagged with its owner', async () => {
      const input = await aLaunch(3);
      const result = await acquire(input);
      assert.deepEqual([result.isConclusive, result.machines.length, result.stage], [true, 3, undefined]);
      const members = await membersOf(input);
      assert.deepEqual(members.map(({ id }) => id).toSorted(), idsOf(result));
      for (const { tags, lifecycle } of members) {
        assert.equal(lifecycle, changes.priceType === 'spot' ? 'spot' : 'on-demand');
        assert.deepEqual(
          Object.entries(tags)
            .filter(([key]) => key.startsWith('ohf:'))
            .toSorted(),
          [
            ['ohf:deployment', 'test'],
            ['ohf:launch', input.launch.token],
            ['ohf:provider', 'awsinst'],
            ['ohf:request-id', `req-${input.launch.ordinal}`],
            ['ohf:template', 'demo'],
          ],
        );
      }
      assert.ok((await calls(freezing)).length > 0);
    });

    it('five concurrent returns from a group terminate exactly the named machines and nothing replaces them', async () => {
      const input = await aLaunch(8);
      const result = await acquire(input);
      const ids = idsOf(result);
      const groups = groupsToDeleteOf(result);
      await Promise.all(
        ids
          .slice(0, 5)
          .map((id) => activityEnvironment().run(activities.terminateMachines, { machineIds: [id], groups })),
      );
      await aWhile();
      const members = await membersOf(input);
      assert.equal(members.length, 8, 'no replacement');
      assert.deepEqual(
        members
          .filter(({ live }) => live)
          .map(({ id }) => id)
          .toSorted(),
        ids.slice(5),
      );
      for (const { id } of groups) {
        const group = (await control.groups()).find((one) => one.id === id);
        assert.equal(
          group && group.targets['on-demand'] + group.targets.spot,
          3,
          'units that the group wants',
        );
      }
      const others = (await control.log()).filter(({ action }) => action === 'simulator:group-terminate');
      assert.deepEqual(others, []);
    });

    it('a second attempt discovers the group of the first', async () => {
      const input = await aLaunch(2);
      const gate = await control.addGate(creating, 'dropAfter', null);
      await assert.rejects(acquire(input));
      await control.release(gate.id);
      const result = await acquire(input, 2);
      assert.equal(result.machines.length, 2);
      await aWhile();
      assert.equal((await membersOf(input)).length, 2);
    });

    it('a group whose response was lost is discovered after the deadline, frozen and listed', async () => {
      const input = await aLaunch(2);
      const gate = await control.addGate(creating, 'dropAfter', null);
      await assert.rejects(acquire(input));
      await control.release(gate.id);
      const late = await acquire({ ...input, notAfter: Date.now() - 1 }, 2);
      assert.ok(late.group, 'found');
      await aWhile();
      const again = await freeze(inputOf(input, late));
      await aWhile();
      const unfrozen = (await membersOf(input)).filter(({ id }) => !idsOf(again).includes(id));
      assert.deepEqual(unfrozen, [], 'nothing appears after the freeze');
    });

    it('a group short of capacity is reported as it grows, and frozen with the reason at the deadline', async () => {
      await control.setPools([{ capacity: 2 }]);
      const input = await aLaunch(4);
      const made = acquire({ ...input, notAfter: Date.now() + 400 });
      const result = await made;
      assert.equal(result.machines.length, 2);
      assert.equal(result.stage, 'settling');
      assert.match(result.shortages.map(({ code }) => code).join(), /InsufficientInstanceCapacity/);
      await control.setPools([]);
      await aWhile();
      const second = await freeze({ ...inputOf(input, result), membersAtFreeze: 2 });
      assert.deepEqual([second.machines.length, second.stage], [2, undefined]);
    });

    it('a group whose launch template was deleted is stale, and the next preparation creates it again', async () => {
      const input = await aLaunch(1);
      const { launchTemplateId: LaunchTemplateId } = toAwsParameters(input.parameters);
      await aws.mutating.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
      await assert.rejects(acquire(input), { type: LAUNCH_STALE });
      assert.equal((await acquire(await aLaunch(1))).machines.length, 1);
    });

    it('a group counts units and overshoots by less than one machine', async () => {
      await control.setPools([{ instanceType: 't3.medium', capacity: 3 }]);
      const input = await aLaunch(6, { instanceTypes: TYPES });
      const { machines } = await acquire(input);
      const types = machines.map(({ instanceType }) => instanceType).toSorted();
      assert.deepEqual(types, ['m5.xlarge', 't3.medium', 't3.medium', 't3.medium']);
    });

    it('a group is discovered although the role may not list groups of other kinds', async () => {
      const input = await aLaunch(2);
      const gate = await control.addGate(creating, 'dropAfter', null);
      await assert.rejects(acquire(input));
      await control.release(gate.id);
      const tokens = async () => {
        const owned = await listOwnedGroups(launchMethods, reader, {
          deployment: 'test',
          provider: 'awsinst',
        });
        return owned.map(({ token }) => token);
      };
      const { [creating]: own = '', ...others } = LISTING;
      await control.deny(Object.values(others));
      assert.ok((await tokens()).includes(input.launch.token));
      await control.deny([own]);
      assert.ok(!(await tokens()).includes(input.launch.token));
    });

    it('an orphaned group is discovered by its tags, and frozen and listed without its owner’s state', async () => {
      const input = await aLaunch(2);
      const gate = await control.addGate(creating, 'dropAfter', null);
      await assert.rejects(acquire(input));
      await control.release(gate.id);
      const orphanOf = async (provider = 'awsinst') => {
        const owned = await listOwnedGroups(launchMethods, reader, { deployment: 'test', provider });
        return owned.find(({ token }) => token === input.launch.token);
      };
      const orphan = await eventually('it is listed', () => orphanOf());
      assert.equal(orphan.requestId, `req-${input.launch.ordinal}`);
      assert.equal(await orphanOf('other'), undefined);
      const { launchMethod, id, mustBeDeleted, requestId } = orphan;
      if (!mustBeDeleted) {
        await eventually('it has launched', async () => (await control.summary()).live > 0);
        await groupMethodNamed(launchMethods, launchMethod).freeze(id);
        assert.equal((await orphanOf())?.id, id, 'members that carry no request would be lost with it');
      }
      const group = { launchMethod, id, ...(mustBeDeleted ? { mustBeDeleted } : {}) };
      const order = {
        launch: { ...input.launch, units: 0 },
        ...{ group, requestId, weights: {}, knownMembers: 0, deadline: Date.now() },
      };
      const first = await freeze(order);
      assert.deepEqual([first.isConclusive, first.stage], [true, 'settling'], 'it may have launched more');
      await aWhile();
      const second = await freeze({ ...order, membersAtFreeze: first.machines.length });
      await aWhile();
      assert.equal((await membersOf(input)).length, second.machines.length);
      assert.equal((await orphanOf())?.id, mustBeDeleted ? id : undefined);
    });

    it('a removed group leaves nothing behind', async () => {
      const input = await aLaunch(1);
      const result = await acquire(input);
      const groups = groupsToDeleteOf(result);
      await activityEnvironment().run(activities.terminateMachines, { machineIds: idsOf(result), groups });
      if (providerApi === 'AutoScalingGroup') {
        await activityEnvironment().run(activities.deleteGroups, { groups });
        await activityEnvironment().run(activities.deleteGroups, { groups });
        const left = (await control.groups()).filter((group) => !group.deleted);
        assert.ok(!left.some(({ id }) => id === result.group?.id));
      }
      assert.deepEqual(
        (await membersOf(input)).filter(({ live }) => live),
        [],
      );
    });

    it('the launch and release of a group call nothing that the policy does not allow', async () => {
      await assertWithinPolicy(control, providerApi);
    });
  });
}

describe('many Auto Scaling groups', () => {
  let simulator: Simulator;
  let aws: AwsClients;
  before(async () => {
    simulator = await startSimulator({});
    aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 1 });
  });
  after(async () => {
    aws.destroy();
    await simulator.close();
  });
  const names = Array.from({ length: 250 }, (_, index) => `group-${index}`);

  it('250 Auto Scaling groups are read with at most 100 names in a call', async () => {
    const methods = createLaunchMethods(aws, createLaunchTemplates(aws), createUnavailableOfferings());
    assert.deepEqual(await groupMethodNamed(methods, 'autoScaling').describe(names), []);
    const calls = await simulatorControl(simulator.url).log();
    assert.equal(calls.filter(({ action }) => action === 'DescribeAutoScalingGroups').length, 3);
  });

  it('the simulator, like AWS, rejects more group names than MaxRecords', async () => {
    const describeGroups = (MaxRecords?: number) =>
      aws.autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: names.slice(0, 60), MaxRecords }),
      );
    await assert.rejects(describeGroups(), { name: 'ValidationError' });
    assert.deepEqual((await describeGroups(60)).AutoScalingGroups, []);
  });
});
