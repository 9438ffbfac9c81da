import { strict as assert } from 'node:assert';
import { EventEmitter, once } from 'node:events';
import { ApplicationFailure } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { LaunchCoordinator } from '../../../activities/launch/launchActivities.ts';
import { TemplateQuota } from '../../../activities/launch/templateQuota.ts';
import type { LaunchCall, LaunchedResources } from '../../../activities/provider.ts';
import type {
  LaunchMachinesInput,
  LaunchMachinesResult,
  LaunchParameters,
} from '../../../contract/activities.ts';
import { unpackMachines } from '../../../domain/machine/packed.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { anObservation, aTemplate } from '../../fixtures/builders.ts';

const MINUTE = 60_000;
/** The workflow run of the activities in this test. */
const THIS_RUN = 'run-1';

/** The calls to the cloud and to Temporal, in order. */
interface World {
  readonly calls: string[];
  sent: LaunchCall | undefined;
  prepare: () => LaunchParameters;
  record: () => void;
  readonly recorded: EventEmitter;
  /** What earlier runs launched. */
  launched: LaunchedResources;
  discoveryTakes: Promise<unknown>;
}

function aWorld(): World {
  return {
    calls: [],
    sent: undefined,
    prepare: () => ({ v: 1, resolvedTemplate: { imageId: 'ami-new' } }),
    record() {},
    recorded: new EventEmitter(),
    launched: { machines: [], groups: [] },
    discoveryTakes: Promise.resolve(),
  };
}

const aLaunch = {
  ordinal: 1,
  token: 'test-1',
  units: 3,
  decidedAt: 0,
  stage: 'open',
  fulfilledUnits: 0,
} as const;
const recordedParameters: LaunchParameters = { v: 1, resolvedTemplate: { imageId: 'ami-recorded' } };
const idsOf = ({ machines }: LaunchedResources): string[] => machines.map(({ machineId }) => machineId);
const throttled = (): never => {
  throw ApplicationFailure.retryable('Rate exceeded', 'Provider.throttled');
};

function launchMachines(
  world: World,
  changes: Partial<LaunchMachinesInput> = {},
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
): Promise<LaunchMachinesResult> {
  const temporal = {
    activity: {
      async heartbeat(_token: Uint8Array, details: unknown) {
        world.record();
        world.calls.push(`record ${JSON.stringify(details)}`);
        world.recorded.emit('record');
      },
    },
  } as unknown as Client;
  const coordinator = new LaunchCoordinator(
    {
      async prepareLaunch() {
        world.calls.push('prepare');
        return world.prepare();
      },
      async launchMachines(call) {
        world.calls.push('send');
        world.sent = call;
        return { isConclusive: true, machines: [], shortages: [] };
      },
      freezeGroup: () => Promise.reject(new Error('there is no group')),
      async discoverLaunched() {
        world.calls.push('discover');
        await world.discoveryTakes;
        return world.launched;
      },
    },
    new TemplateQuota(temporal),
    temporal,
  );
  const input: LaunchMachinesInput = {
    launch: aLaunch,
    prepare: {
      owner: { deployment: 'd', provider: 'p', requestId: 'req-1' },
      template: aTemplate({ maxNumber: -1 }),
      createdAt: 0,
      deadline: 1,
    },
    notAfter: Date.now() + MINUTE,
    firstRunId: THIS_RUN,
    ...changes,
  };
  return activityEnvironment({
    attempt: 1,
    workflowExecution: { workflowId: 'req-1', runId: THIS_RUN },
    ...info,
  }).run(() => coordinator.launchMachines(input));
}

describe('a launch that is prepared by the activity that sends it', () => {
  it('a launch is recorded in Temporal before it is sent to the cloud', async () => {
    const world = aWorld();
    const { parameters } = await launchMachines(world);
    assert.deepEqual(world.calls, ['prepare', `record ${JSON.stringify(parameters)}`, 'send']);
    assert.deepEqual(world.sent?.parameters, parameters);
  });

  it('the next attempt resends a launch unchanged', async () => {
    const world = aWorld();
    const { parameters } = await launchMachines(
      world,
      {},
      { attempt: 2, heartbeatDetails: recordedParameters },
    );
    assert.deepEqual(
      [world.calls, world.sent?.parameters, parameters],
      [['send'], recordedParameters, recordedParameters],
    );
    assert.equal(world.sent?.mayHaveBeenSent, false);
  });

  it('an activity that was reset discovers its launch before it sends', async () => {
    const world = aWorld();
    await launchMachines(
      world,
      { notAfter: Date.now() - MINUTE },
      { attempt: 1, heartbeatDetails: recordedParameters },
    );
    assert.deepEqual([world.calls, world.sent?.mayHaveBeenSent], [['send'], true]);
  });

  it('an attempt discovers a launch of uncertain outcome before it sends', async () => {
    const world = aWorld();
    await launchMachines(
      world,
      { launch: { ...aLaunch, stage: 'overdue' }, parameters: recordedParameters },
      { attempt: 1 },
    );
    assert.deepEqual([world.calls, world.sent?.mayHaveBeenSent], [['send'], true]);
  });

  describe('in a run after a reset', () => {
    const afterReset = { firstRunId: 'run-0' };
    const aMachine: LaunchedResources = { machines: [anObservation('i-1')], groups: [] };
    const aGroup: LaunchedResources = {
      machines: [],
      groups: [{ launchMethod: 'm', id: 'g', token: 'test-1' }],
    };

    it('a run after a reset sends its launch when discovery finds nothing, as one that may have been sent', async () => {
      const world = aWorld();
      const { parameters, discoveryRunId, discovered } = await launchMachines(world, afterReset);
      assert.deepEqual(world.calls, ['discover', 'prepare', `record ${JSON.stringify(parameters)}`, 'send']);
      assert.equal(world.sent?.mayHaveBeenSent, true);
      assert.deepEqual([discoveryRunId, discovered], [THIS_RUN, undefined]);
    });

    for (const [what, launched] of [
      ['a machine', aMachine],
      ['a group', aGroup],
    ] as const)
      it(`a run after a reset neither prepares nor sends a launch when it discovers ${what}, also after the deadline`, async () => {
        const world = aWorld();
        world.launched = launched;
        const late = { notAfter: Date.now() - MINUTE };
        for (const changes of [afterReset, { ...afterReset, ...late }]) {
          const { discoveryRunId, discovered } = await launchMachines(world, changes);
          assert.equal(discoveryRunId, THIS_RUN);
          assert.deepEqual(
            discovered && unpackMachines(discovered.machines).map(({ machineId }) => machineId),
            idsOf(launched),
          );
          assert.deepEqual(discovered?.groups, launched.groups);
        }
        assert.deepEqual(world.calls, ['discover', 'discover']);
      });

    it('a launch is sent without discovery once this run has discovered, but not when only an earlier run has', async () => {
      const world = aWorld();
      world.launched = aMachine;
      await launchMachines(world, { ...afterReset, discoveryRunId: THIS_RUN });
      assert.deepEqual([world.calls.includes('discover'), world.sent?.mayHaveBeenSent], [false, true]);
      const { discovered } = await launchMachines(world, { ...afterReset, discoveryRunId: 'run-1-before' });
      assert.ok(discovered);
    });

    it('an attempt resends without discovery what an earlier attempt recorded', async () => {
      const world = aWorld();
      world.launched = aMachine;
      const { parameters } = await launchMachines(world, afterReset, {
        attempt: 2,
        heartbeatDetails: recordedParameters,
      });
      assert.deepEqual(
        [world.calls, parameters, world.sent?.mayHaveBeenSent],
        [['send'], recordedParameters, true],
      );
    });

    it('discovery heartbeats and records no launch', async () => {
      const world = aWorld();
      world.discoveryTakes = once(world.recorded, 'record');
      const { parameters } = await launchMachines(world, afterReset);
      const beats = world.calls.filter((call) => call === 'record undefined');
      assert.ok(beats.length > 0);
      assert.deepEqual(
        world.calls.filter((call) => call !== 'record undefined'),
        ['discover', 'prepare', `record ${JSON.stringify(parameters)}`, 'send'],
      );
    });
  });

  for (const attempt of [1, 2])
    describe(`in attempt ${attempt}, before the launch is recorded`, () => {
      const unprepared = { isConclusive: true, machines: [], shortages: [], needsPreparation: true };

      it('a launch is not sent when it cannot be recorded', async () => {
        const world = aWorld();
        world.record = throttled;
        assert.deepEqual(await launchMachines(world, {}, { attempt }), unprepared);
        assert.deepEqual(world.calls, ['prepare']);
      });

      it('a launch stays unprepared when the cloud cannot prepare it now', async () => {
        const world = aWorld();
        world.prepare = throttled;
        assert.deepEqual(await launchMachines(world, {}, { attempt }), unprepared);
        assert.deepEqual(world.calls, ['prepare']);
      });

      it('a launch is rejected when the cloud can never prepare it', async () => {
        const world = aWorld();
        world.prepare = () => {
          throw ApplicationFailure.nonRetryable('No such image', 'LaunchRejected');
        };
        await assert.rejects(launchMachines(world, {}, { attempt }), { type: 'LaunchRejected' });
        assert.deepEqual(world.calls, ['prepare']);
      });

      it('a launch is not prepared after the deadline', async () => {
        const world = aWorld();
        const result = await launchMachines(world, { notAfter: Date.now() - MINUTE }, { attempt });
        assert.deepEqual(result, { isConclusive: true, machines: [], shortages: [] });
        assert.deepEqual(world.calls, []);
      });
    });
});
