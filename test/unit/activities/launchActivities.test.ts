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
/** In which the activities of this test run. */
const THIS_RUN = 'run-1';

/** What the cloud and Temporal were told, in order. */
interface World {
  readonly told: string[];
  sent: LaunchCall | undefined;
  prepare: () => LaunchParameters;
  keep: () => void;
  readonly kept: EventEmitter;
  /** By runs before. */
  launched: LaunchedResources;
  lookTakes: Promise<unknown>;
}

function aWorld(): World {
  return {
    told: [],
    sent: undefined,
    prepare: () => ({ v: 1, resolvedTemplate: { imageId: 'ami-new' } }),
    keep() {},
    kept: new EventEmitter(),
    launched: { machines: [], groups: [] },
    lookTakes: Promise.resolve(),
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
const kept: LaunchParameters = { v: 1, resolvedTemplate: { imageId: 'ami-kept' } };
const idsOf = ({ machines }: LaunchedResources): string[] => machines.map(({ machineId }) => machineId);
const throttled = (): never => {
  throw ApplicationFailure.retryable('Rate exceeded', 'Provider.throttled');
};

function acquire(
  world: World,
  changes: Partial<LaunchMachinesInput> = {},
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
): Promise<LaunchMachinesResult> {
  const temporal = {
    activity: {
      async heartbeat(_token: Uint8Array, details: unknown) {
        world.keep();
        world.told.push(`keep ${JSON.stringify(details)}`);
        world.kept.emit('keep');
      },
    },
  } as unknown as Client;
  const acquisition = new LaunchCoordinator(
    {
      async prepareLaunch() {
        world.told.push('prepare');
        return world.prepare();
      },
      async launchMachines(call) {
        world.told.push('send');
        world.sent = call;
        return { isConclusive: true, machines: [], shortages: [] };
      },
      freezeGroup: () => Promise.reject(new Error('there is no group')),
      async discoverLaunched() {
        world.told.push('look');
        await world.lookTakes;
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
  }).run(() => acquisition.launchMachines(input));
}

describe('a launch that is prepared by the activity that sends it', () => {
  it('is kept in Temporal before the cloud hears of it', async () => {
    const world = aWorld();
    const { parameters } = await acquire(world);
    assert.deepEqual(world.told, ['prepare', `keep ${JSON.stringify(parameters)}`, 'send']);
    assert.deepEqual(world.sent?.parameters, parameters);
  });

  it('is sent again as it was by the next attempt', async () => {
    const world = aWorld();
    const { parameters } = await acquire(world, {}, { attempt: 2, heartbeatDetails: kept });
    assert.deepEqual([world.told, world.sent?.parameters, parameters], [['send'], kept, kept]);
    assert.equal(world.sent?.mayHaveBeenSent, false);
  });

  it('is looked for first when somebody has reset the activity', async () => {
    const world = aWorld();
    await acquire(world, { notAfter: Date.now() - MINUTE }, { attempt: 1, heartbeatDetails: kept });
    assert.deepEqual([world.told, world.sent?.mayHaveBeenSent], [['send'], true]);
  });

  it('is looked for first when it is not certain what became of it', async () => {
    const world = aWorld();
    await acquire(world, { launch: { ...aLaunch, stage: 'overdue' }, parameters: kept }, { attempt: 1 });
    assert.deepEqual([world.told, world.sent?.mayHaveBeenSent], [['send'], true]);
  });

  describe('in a run after a reset', () => {
    const afterReset = { firstRunId: 'run-0' };
    const aMachine: LaunchedResources = { machines: [anObservation('i-1')], groups: [] };
    const aGroup: LaunchedResources = {
      machines: [],
      groups: [{ launchMethod: 'm', id: 'g', token: 'test-1' }],
    };

    it('is sent when nothing of its request is found, as one that may have been sent', async () => {
      const world = aWorld();
      const { parameters, discoveryRunId, discovered } = await acquire(world, afterReset);
      assert.deepEqual(world.told, ['look', 'prepare', `keep ${JSON.stringify(parameters)}`, 'send']);
      assert.equal(world.sent?.mayHaveBeenSent, true);
      assert.deepEqual([discoveryRunId, discovered], [THIS_RUN, undefined]);
    });

    for (const [what, launched] of [
      ['a machine', aMachine],
      ['a group', aGroup],
    ] as const)
      it(`is neither prepared nor sent beside ${what} that is found, also after the deadline`, async () => {
        const world = aWorld();
        world.launched = launched;
        const late = { notAfter: Date.now() - MINUTE };
        for (const changes of [afterReset, { ...afterReset, ...late }]) {
          const { discoveryRunId, discovered } = await acquire(world, changes);
          assert.equal(discoveryRunId, THIS_RUN);
          assert.deepEqual(
            discovered && unpackMachines(discovered.machines).map(({ machineId }) => machineId),
            idsOf(launched),
          );
          assert.deepEqual(discovered?.groups, launched.groups);
        }
        assert.deepEqual(world.told, ['look', 'look']);
      });

    it('is sent without a look once this run has looked, but not when only one before it has', async () => {
      const world = aWorld();
      world.launched = aMachine;
      await acquire(world, { ...afterReset, discoveryRunId: THIS_RUN });
      assert.deepEqual([world.told.includes('look'), world.sent?.mayHaveBeenSent], [false, true]);
      const { discovered } = await acquire(world, { ...afterReset, discoveryRunId: 'run-1-before' });
      assert.ok(discovered);
    });

    it('is sent again, and not looked for, by an attempt after one that kept what it sent', async () => {
      const world = aWorld();
      world.launched = aMachine;
      const { parameters } = await acquire(world, afterReset, { attempt: 2, heartbeatDetails: kept });
      assert.deepEqual([world.told, parameters, world.sent?.mayHaveBeenSent], [['send'], kept, true]);
    });

    it('keeps nothing while it is looked for, and beats', async () => {
      const world = aWorld();
      world.lookTakes = once(world.kept, 'keep');
      const { parameters } = await acquire(world, afterReset);
      const beats = world.told.filter((told) => told === 'keep undefined');
      assert.ok(beats.length > 0);
      assert.deepEqual(
        world.told.filter((told) => told !== 'keep undefined'),
        ['look', 'prepare', `keep ${JSON.stringify(parameters)}`, 'send'],
      );
    });
  });

  for (const attempt of [1, 2])
    describe(`in attempt ${attempt}, while nothing is kept`, () => {
      const unprepared = { isConclusive: true, machines: [], shortages: [], needsPreparation: true };

      it('is not sent when it cannot be kept', async () => {
        const world = aWorld();
        world.keep = throttled;
        assert.deepEqual(await acquire(world, {}, { attempt }), unprepared);
        assert.deepEqual(world.told, ['prepare']);
      });

      it('is left unprepared when the cloud cannot prepare it now', async () => {
        const world = aWorld();
        world.prepare = throttled;
        assert.deepEqual(await acquire(world, {}, { attempt }), unprepared);
        assert.deepEqual(world.told, ['prepare']);
      });

      it('is rejected when it never can', async () => {
        const world = aWorld();
        world.prepare = () => {
          throw ApplicationFailure.nonRetryable('No such image', 'LaunchRejected');
        };
        await assert.rejects(acquire(world, {}, { attempt }), { type: 'LaunchRejected' });
        assert.deepEqual(world.told, ['prepare']);
      });

      it('is not even prepared after the deadline', async () => {
        const world = aWorld();
        const result = await acquire(world, { notAfter: Date.now() - MINUTE }, { attempt });
        assert.deepEqual(result, { isConclusive: true, machines: [], shortages: [] });
        assert.deepEqual(world.told, []);
      });
    });
});
