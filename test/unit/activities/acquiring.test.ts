import { strict as assert } from 'node:assert';
import { ApplicationFailure } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { Acquisition } from '../../../activities/acquiring.ts';
import { MaxNumber } from '../../../activities/maxNumber.ts';
import {
  SETTLE_MS,
  type Acquired,
  type LaunchCall,
  type LaunchParameters,
  type UnpreparedLaunch,
} from '../../../domain/activities.ts';
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
  });

  it('is not sent when it cannot be kept', async () => {
    const world = aWorld();
    world.keep = throttled;
    assert.deepEqual(await acquire(world), {
      certain: true,
      machines: [],
      shortages: [],
      unprepared: true,
    });
    assert.deepEqual(world.told, ['prepare']);
  });

  it('is said to be unprepared when the cloud cannot prepare it now, and is rejected when it never can', async () => {
    const world = aWorld();
    world.prepare = throttled;
    assert.equal((await acquire(world)).unprepared, true);
    world.prepare = () => {
      throw ApplicationFailure.nonRetryable('No such image', 'LaunchRejected');
    };
    await assert.rejects(acquire(world), { type: 'LaunchRejected' });
    assert.ok(!world.told.includes('send'));
  });

  it('is in doubt when a later attempt cannot prepare it, however it is refused, and is given up late', async () => {
    const world = aWorld();
    for (const fail of [throttled, () => assert.fail('rejected')] as const) {
      world.prepare = fail;
      await assert.rejects(acquire(world, {}, { attempt: 2 }), { type: 'Unsettled', nonRetryable: false });
    }
    const late = { notAfter: Date.now() - SETTLE_MS - MINUTE };
    assert.equal((await acquire(world, late, { attempt: 9 })).certain, false);
    assert.equal((await acquire(world, { ...late, mayHaveBeenSent: true })).certain, false);
  });

  it('is not even prepared after the deadline, unless it may have been sent', async () => {
    const world = aWorld();
    const late = { notAfter: Date.now() - MINUTE };
    assert.deepEqual(await acquire(world, late), { certain: true, machines: [], shortages: [] });
    assert.deepEqual(world.told, []);
    await acquire(world, { ...late, mayHaveBeenSent: true });
    await acquire(world, late, { attempt: 2 });
    assert.equal(world.told.filter((what) => what === 'send').length, 2);
  });
});
