import { strict as assert } from 'node:assert';
import { DeleteLaunchTemplateCommand } from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/activity';
import type { LaunchCall, LaunchedResources, LaunchService } from '../../../activities/provider.ts';
import { createAwsClients, type AwsClients } from '../../../activities/aws/client/clients.ts';
import { createGroupService } from '../../../activities/aws/group/groupService.ts';
import { createInstanceReader } from '../../../activities/aws/instance/instanceReader.ts';
import { createLaunchService } from '../../../activities/aws/launch/launchService.ts';
import { createLaunchTemplates } from '../../../activities/aws/launchTemplate/launchTemplates.ts';
import { createLaunchMethods } from '../../../activities/aws/launch/methods/index.ts';
import {
  toAwsParameters,
  type AwsLaunchParameters,
} from '../../../activities/aws/launch/launchParameters.ts';
import { createUnavailableOfferings } from '../../../activities/aws/launch/unavailableOfferings.ts';
import {
  LAUNCH_REJECTED,
  LAUNCH_STALE,
  type LaunchResult,
  type LaunchParameters,
} from '../../../contract/activities.ts';
import type { Template } from '../../../domain/template/template.ts';
import { startSimulator, type Simulator } from '../../../simulator/server.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { simulatorControl, type SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { assertWithinPolicy } from '../../fixtures/cloud/withinPolicy.ts';

const MINUTE = 60_000;

for (const [providerApi, action] of [
  ['EC2Fleet', 'CreateFleet'],
  ['RunInstances', 'RunInstances'],
] as const) {
  describe(`launching through ${providerApi}`, () => {
    let simulator: Simulator;
    let control: SimulatorControl;
    let aws: AwsClients;
    let activities: LaunchService;
    let ordinal = 0;
    let clock = 0;

    before(async () => {
      process.env['AWS_ACCESS_KEY_ID'] ??= 'simulated';
      process.env['AWS_SECRET_ACCESS_KEY'] ??= 'simulated';
      simulator = await startSimulator({ pendingSeconds: 0 });
      control = simulatorControl(simulator.url);
      aws = createAwsClients({ region: 'us-east-1', endpoint: simulator.url, requestShare: 1 });
      const reader = createInstanceReader(aws.reading);
      const launchTemplates = createLaunchTemplates(aws);
      clock = Date.now();
      const unavailableOfferings = createUnavailableOfferings(() => clock);
      const launchMethods = createLaunchMethods(aws, launchTemplates, unavailableOfferings);
      const groups = createGroupService(aws, launchMethods, reader, {
        pollSeconds: 0.05,
        onReadError: () => {},
      });
      activities = createLaunchService({
        launchMethods,
        groups,
        launchTemplates,
        reader,
        unavailableOfferings,
        settings: { consistencySeconds: 0.05 },
      });
    });
    after(async () => {
      aws.destroy();
      await simulator.close();
    });
    afterEach(async () => {
      await control.setPools([]);
      await control.deny([]);
      // Offerings that one test found short are cleared before the next.
      clock += 24 * 60 * MINUTE;
    });

    const prepare = async (template: Template): Promise<AwsLaunchParameters> => {
      const prepared: LaunchParameters = await activityEnvironment().run(activities.prepareLaunch, {
        owner: { deployment: 'test', provider: 'awsinst', requestId: 'req-1' },
        template: { ...template, providerApi },
        createdAt: Date.now(),
        deadline: Date.now() + MINUTE,
      });
      return toAwsParameters(prepared);
    };

    const acquire = (input: LaunchCall, attempt = 1): Promise<LaunchResult> =>
      activityEnvironment({ attempt }).run(activities.launchMachines, input);

    async function aLaunch(units: number, changes: Partial<LaunchCall> = {}): Promise<LaunchCall> {
      ordinal += 1;
      return {
        launch: {
          ordinal,
          token: `test-launch-${ordinal}`,
          units,
          decidedAt: Date.now(),
          stage: 'open',
          fulfilledUnits: 0,
        },
        parameters: await prepare(aTemplate()),
        notAfter: Date.now() + MINUTE,
        mayHaveBeenSent: false,
        ...changes,
      };
    }
    const launchedWith = async ({ launch }: LaunchCall): Promise<string[]> =>
      (await control.log()).filter(({ token }) => token === launch.token).flatMap(({ launched }) => launched);
    const callsWith = async ({ launch }: LaunchCall): Promise<number> =>
      (await control.log()).filter((call) => call.action === action && call.token === launch.token).length;

    const idsOf = ({ machines }: LaunchedResources | LaunchResult): string[] =>
      machines.map(({ machineId }) => machineId).toSorted();

    it('launched machines are tagged with their host naming', async () => {
      const template = aTemplate({ hostName: { strategy: 'resource-name' } });
      const { machines } = await acquire(await aLaunch(1, { parameters: await prepare(template) }));
      const [{ machineId } = { machineId: '' }] = machines;
      const observed = (await createInstanceReader(aws.reading).describeByIds([machineId])).get(machineId);
      assert.equal(observed?.tags['ohf:host-naming'], 'resource-name');
      assert.equal(observed.name, `${machineId}.ec2.internal`, 'as the simulated AWS names it too');
    });

    it('a launch creates the requested machines, tagged with their owner', async () => {
      const input = await aLaunch(3);
      const { machines, shortages } = await acquire(input);
      assert.equal(machines.length, 3);
      assert.deepEqual(shortages, []);
      const [instance] = (await control.instances()).filter(({ id }) => id === machines[0]?.machineId);
      assert.deepEqual(
        Object.entries(instance?.tags ?? {})
          .filter(([key]) => key.startsWith('ohf:'))
          .toSorted(),
        [
          ['ohf:deployment', 'test'],
          ['ohf:launch', input.launch.token],
          ['ohf:provider', 'awsinst'],
          ['ohf:request-id', 'req-1'],
          ['ohf:template', 'demo'],
        ],
      );
    });

    for (const [age, when] of [
      [0, 'while AWS knows the token'],
      [60 * MINUTE, 'long after'],
    ] as const) {
      it(`a second attempt discovers what the first one launched, ${when}`, async () => {
        const input = await aLaunch(3);
        const first = await acquire(input);
        const again = { ...input, launch: { ...input.launch, decidedAt: Date.now() - age } };
        const second = await acquire(again, 2);
        const ids = (result: LaunchResult): string[] =>
          result.machines.map(({ machineId }) => machineId).toSorted();
        assert.deepEqual(ids(second), ids(first));
        assert.equal((await launchedWith(input)).length, 3);
      });
    }

    it('a reset run discovers before it sends', async () => {
      const input = await aLaunch(2);
      await acquire(input);
      const result = await acquire({ ...input, mayHaveBeenSent: true });
      assert.equal(result.machines.length, 2);
      assert.equal(await callsWith(input), 1);
    });

    it('a resend after a lost response launches nothing more', async () => {
      const input = await aLaunch(3);
      await control.addGate(action, 'dropAfter');
      await assert.rejects(
        acquire(input),
        (error) => error instanceof ApplicationFailure && !error.nonRetryable,
      );
      const { machines } = await acquire(input, 2);
      assert.equal(machines.length, 3);
      assert.equal((await launchedWith(input)).length, 3);
    });

    for (const [what, order] of [
      ['no longer has capacity', () => control.setPools([{ capacity: 0 }])],
      ['has lost its launch template', () => control.setPools([])],
    ] as const) {
      it(`what a first attempt launched is kept when AWS, called again, ${what}`, async () => {
        const token = `test-partial-${providerApi}-${what.length}`;
        const whole = await aLaunch(3);
        const made = await acquire({ ...whole, launch: { ...whole.launch, token, units: 3 } });
        await order();
        // The same launch, but for more than it created, as when capacity ended in the middle of it.
        const launchTemplateId = what.includes('template')
          ? 'lt-0123456789abcdef0'
          : toAwsParameters(whole.parameters).launchTemplateId;
        const again = await acquire(
          {
            ...whole,
            launch: { ...whole.launch, token, units: 5 },
            parameters: toAwsParameters({ ...whole.parameters, ...{ launchTemplateId } }),
          },
          2,
        );
        assert.equal(again.isConclusive, true);
        const ids = (result: LaunchResult): string[] =>
          result.machines.map(({ machineId }) => machineId).toSorted();
        assert.deepEqual(ids(again), ids(made));
      });
    }

    it('a launch sends nothing after the deadline and settles empty 20 minutes later', async () => {
      const input = await aLaunch(3, { notAfter: Date.now() - MINUTE });
      await assert.rejects(acquire(input, 2), { type: 'Unsettled', nonRetryable: false });
      const later = { ...input, notAfter: Date.now() - 21 * MINUTE };
      assert.deepEqual(await acquire(later, 3), { isConclusive: true, machines: [], shortages: [] });
      assert.equal(await callsWith(input), 0);
    });

    it('a launch is uncertain when AWS cannot be read 20 minutes after the deadline', async () => {
      const input = await aLaunch(3, { notAfter: Date.now() - 21 * MINUTE });
      await control.addGate('DescribeInstances', 'dropBefore', 3);
      assert.equal((await acquire(input, 2)).isConclusive, false);
    });

    it('a launch after the deadline discovers what an earlier attempt launched', async () => {
      const input = await aLaunch(3);
      await acquire(input);
      const { machines } = await acquire({ ...input, notAfter: Date.now() - MINUTE }, 2);
      assert.equal(machines.length, 3);
      assert.equal(await callsWith(input), 1);
    });

    it('an offering short of capacity launches what it has and is reported', async () => {
      await control.setPools([
        { capacity: 0 },
        { instanceType: 't3.medium', capacity: (await control.summary()).live + 2 },
      ]);
      const { machines, shortages } = await acquire(await aLaunch(5));
      assert.equal(machines.length, 2);
      assert.equal(shortages[0]?.code, 'InsufficientInstanceCapacity');
      assert.match(shortages[0]?.offering ?? '', /t3\.medium in /);
    });

    it('a forbidden first call certainly launches nothing; after an uncertain call the outcome stays uncertain', async () => {
      const input = await aLaunch(2);
      await control.deny([action]);
      const { isConclusive, machines, shortages } = await acquire(input);
      assert.deepEqual([isConclusive, machines], [true, []]);
      assert.deepEqual(
        shortages.map(({ offering, code }) => [offering, code]),
        [['all', 'UnauthorizedOperation']],
      );
      await assert.rejects(acquire(input, 2), { type: 'Provider.credentials', nonRetryable: false });
    });

    it('an image that does not exist is rejected permanently', async () => {
      const parameters = await prepare(aTemplate({ imageId: 'ami-0123456789abcdef0' }));
      const input = { ...(await aLaunch(1)), parameters };
      await assert.rejects(acquire(input), {
        type: LAUNCH_REJECTED,
        nonRetryable: true,
        details: ['InvalidAMIID.NotFound'],
      });
    });

    it('an offering that one request found short is left out by the next until its expiry', async () => {
      const instanceTypes = ['m5.large', 't3.medium'].map((instanceType, index) => ({
        instanceType,
        units: 1,
        priority: index,
      }));
      const template = aTemplate({ instanceTypes });
      const launchedTypes = async (): Promise<(string | undefined)[]> =>
        (await prepare(template)).overrides.map(({ instanceType }) => instanceType);
      await control.setPools([{ instanceType: 'm5.large', capacity: 0 }]);
      assert.deepEqual(await launchedTypes(), ['m5.large', 't3.medium']);
      const input = await aLaunch(2, { parameters: await prepare(template) });
      const first = await acquire({ ...input, launch: { ...input.launch, ordinal: 1 } });
      assert.ok(first.shortages.some(({ offering }) => offering.startsWith('m5.large in subnet-')));
      assert.deepEqual(await launchedTypes(), ['t3.medium']);
      const second = await acquire(await aLaunch(2, { parameters: await prepare(template) }));
      assert.deepEqual(
        second.machines.map(({ instanceType }) => instanceType),
        ['t3.medium', 't3.medium'],
      );
      clock += 3 * MINUTE;
      assert.deepEqual(await launchedTypes(), ['m5.large', 't3.medium']);
    });

    it('spot machines are bought as spot, at most at the given price', async () => {
      const parameters = await prepare(aTemplate({ priceType: 'spot', maxSpotPrice: '0.05' }));
      const input = { ...(await aLaunch(2)), parameters };
      const { machines } = await acquire(input);
      assert.deepEqual(
        machines.map(({ spot }) => spot),
        [true, true],
      );
      const sent = (await control.log()).find(({ token }) => token === input.launch.token);
      assert.ok(
        Object.entries(sent?.params ?? {}).some(
          ([key, value]) => key.endsWith('MaxPrice') && value === '0.05',
        ),
      );
    });

    it('a launch template that was deleted is reported as stale, and made again by the next preparation', async () => {
      const input = await aLaunch(1);
      const { launchTemplateId: LaunchTemplateId } = toAwsParameters(input.parameters);
      await aws.mutating.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
      await assert.rejects(acquire(input), { type: LAUNCH_STALE });
      const { machines } = await acquire(await aLaunch(1));
      assert.equal(machines.length, 1);
    });

    it('a launch calls nothing that its policy does not allow', async () => {
      await acquire(await aLaunch(1));
      await assertWithinPolicy(control, providerApi);
    });

    it('all machines of a request are discovered by tag, terminated or not, whichever launch created them', async () => {
      const owner = { deployment: 'test', provider: 'awsinst', requestId: 'req-found' };
      const template = { ...aTemplate(), providerApi };
      const times = { createdAt: Date.now(), deadline: Date.now() + MINUTE };
      const find = (): Promise<LaunchedResources> =>
        activityEnvironment().run(activities.discoverLaunched, { owner, template });
      assert.deepEqual(await find(), { machines: [], groups: [] });
      const parameters: LaunchParameters = await activityEnvironment().run(activities.prepareLaunch, {
        owner,
        template,
        ...times,
      });
      const first = idsOf(await acquire(await aLaunch(2, { parameters })));
      const second = idsOf(await acquire(await aLaunch(1, { parameters })));
      await acquire(await aLaunch(1));
      await control.terminate(first[0] ?? '');
      const found = await find();
      assert.deepEqual([idsOf(found), found.groups], [[...first, ...second].toSorted(), []]);
    });

    it('discovery is retried for as long as AWS cannot be read', async () => {
      await control.deny(['DescribeInstances']);
      const owner = { deployment: 'test', provider: 'awsinst', requestId: 'req-unreadable' };
      const template = { ...aTemplate(), providerApi };
      await assert.rejects(
        activityEnvironment().run(activities.discoverLaunched, { owner, template }),
        (error) => error instanceof ApplicationFailure && error.nonRetryable === false,
      );
    });

    it('requests of one template share one launch template', async () => {
      const [one, two] = await Promise.all([prepare(aTemplate()), prepare(aTemplate())]);
      const other = await prepare(aTemplate({ imageId: 'ami-00000000000000002' }));
      assert.equal(one.launchTemplateId, two.launchTemplateId);
      assert.notEqual(one.launchTemplateId, other.launchTemplateId);
    });
  });
}
