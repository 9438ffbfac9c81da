import { strict as assert } from 'node:assert';
import { ApplicationFailure } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { Acquisition } from '../../../activities/acquiring.ts';
import { MaxNumber } from '../../../activities/maxNumber.ts';
import type { Acquired, LaunchCall, LaunchParameters, UnpreparedLaunch } from '../../../domain/activities.ts';
import { activityEnvironment } from '../../fixtures/activityEnvironment.ts';
import { aTemplate } from '../../fixtures/builders.ts';

const MINUTE = 60_000;

/** What the cloud and Temporal were told, in order. */
interface World {
  readonly told: string[];
  sent: LaunchCall | undefined;
  prepare: () => LaunchParameters;
  keep: () => void;
}

function aWorld(): World {
  return {
    told: [],
    sent: undefined,
    prepare: () => ({ v: 1, frozen: { imageId: 'ami-new' } }),
    keep() {},
  };
}

const kept: LaunchParameters = { v: 1, frozen: { imageId: 'ami-kept' } };
const throttled = (): never => {
  throw ApplicationFailure.retryable('Rate exceeded', 'Provider.throttled');
};

function acquire(
  world: World,
  changes: Partial<UnpreparedLaunch> = {},
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
): Promise<Acquired> {
  const temporal = {
    activity: {
      async heartbeat(_token: Uint8Array, details: unknown) {
        world.keep();
        world.told.push(`keep ${JSON.stringify(details)}`);
      },
    },
  } as unknown as Client;
  const acquisition = new Acquisition(
    {
      async prepareLaunch() {
        world.told.push('prepare');
        return world.prepare();
      },
      async acquire(call) {
        world.told.push('send');
        world.sent = call;
        return { certain: true, machines: [], shortages: [] };
      },
      freezeGroup: () => Promise.reject(new Error('there is no group')),
      findLaunched: () => Promise.reject(new Error('nobody looks')),
    },
    new MaxNumber(temporal),
    temporal,
  );
  const launch = { ordinal: 1, token: 'test-1', units: 3, decidedAt: 0, stage: 'open', got: 0 } as const;
  const input: UnpreparedLaunch = {
    launch,
    prepare: {
      owner: { deployment: 'd', provider: 'p', requestId: 'req-1' },
      template: aTemplate({ maxNumber: -1 }),
      createdAt: 0,
      deadline: 1,
    },
    notAfter: Date.now() + MINUTE,
    mayHaveBeenSent: false,
    ...changes,
  };
  return activityEnvironment({ attempt: 1, ...info }).run(() => acquisition.acquire(input));
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

  it('is prepared anew and looked for first when a run before a reset may have sent it', async () => {
    const world = aWorld();
    const { parameters } = await acquire(world, { mayHaveBeenSent: true });
    assert.deepEqual(world.told, ['prepare', `keep ${JSON.stringify(parameters)}`, 'send']);
    assert.equal(world.sent?.mayHaveBeenSent, true);
  });

  for (const attempt of [1, 2])
    describe(`in attempt ${attempt}, while nothing is kept`, () => {
      const unprepared = { certain: true, machines: [], shortages: [], unprepared: true };

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
        assert.deepEqual(result, { certain: true, machines: [], shortages: [] });
        assert.deepEqual(world.told, []);
      });
    });
});
