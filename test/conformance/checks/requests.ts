import { strict as assert } from 'node:assert';
import { randomStream } from '../../hfsim/random.ts';
import {
  accepted,
  holdLaunch,
  onlyThese,
  readTemplates,
  requestsByTags,
  writeTemplates,
  type Harness,
} from '../harness.ts';
import { checksFrom } from '../check.ts';
import { MANY, MOST, TEMPLATE } from '../plugin.ts';

const asking = (machineCount: unknown, templateId = TEMPLATE): object => ({
  template: { templateId, machineCount },
});

/** Does it, and asserts how many machines AWS launched meanwhile. */
async function launches(harness: Harness, count: number, act: () => Promise<unknown>): Promise<void> {
  const before = await harness.launched();
  await act();
  assert.equal((await harness.launched()) - before, count, 'machines launched');
}

/** A whole request after another: what was queued before it has been seen by then. */
const oneMore = (harness: Harness) => harness.machines(1);

async function refusesBadCounts(harness: Harness): Promise<void> {
  await launches(harness, 1, async () => {
    for (const count of [0, -1, 1.5, 'abc', null, undefined]) {
      await harness.refused('requestMachines', asking(count));
    }
    await oneMore(harness);
  });
  // Documented: a count that is written as text counts.
  await launches(harness, 3, async () => {
    const { machines } = await harness.end(await harness.request('3'));
    assert.equal(machines.length, 3);
  });
}

async function keepsToMaxNumber(harness: Harness): Promise<void> {
  await launches(harness, 1, async () => {
    assert.match(await harness.refused('requestMachines', asking(MOST + 1)), new RegExp(`\\b${MOST}\\b`));
    await oneMore(harness);
  });
  const templates = await readTemplates(harness.plugin);
  await writeTemplates(harness.plugin, [...templates, { ...templates[0], templateId: 'few', maxNumber: 3 }]);
  const { machines } = await harness.end(await harness.request(2, 'few'));
  const others = (await harness.alive()).length - machines.length;
  // Refused at once, or taken and ended with what still may be had.
  const second = await harness.call('requestMachines', asking(2, 'few'));
  const more =
    second.code === 0 ? await harness.end(accepted('requestMachines', second).requestId) : undefined;
  const live = (await harness.alive()).length - others;
  assert.ok(live <= 3, `${live} machines are live, maxNumber is 3`);
  if (more) assert.match(more.message, /maxNumber/);
  await harness.end(await harness.giveBack(machines));
  const { status, machines: again } = await harness.end(await harness.request(2, 'few'));
  assert.deepEqual([status, again.length], ['complete', 2], 'what was given back still counts');
}

async function refusesWithoutTemporal(harness: Harness): Promise<void> {
  await harness.world.stopTemporal();
  const outcome = await harness.call('requestMachines', asking(2));
  assert.equal(outcome.code, 1, `nothing can be recorded, and it said: ${outcome.output}`);
  assert.ok(outcome.took < 10_000, `it took ${outcome.took} ms`);
  await harness.world.startTemporal();
  await launches(harness, 1, () => oneMore(harness));
  await harness.world.withoutAnswers(async (plugin) => {
    const deaf = harness.of(plugin);
    await launches(harness, 2, async () => {
      const { status, machines } = await harness.end(await deaf.request(2));
      assert.deepEqual([status, machines.length], ['complete', 2], 'the id is not valid');
    });
  });
}

/** How often a call is killed, and how many of these at once. */
const KILLS = 24;
const KILLS_AT_ONCE = 4;
const SEED = 4711;

/** Killed all over its life: what was launched belongs to a request that AWS's tags name, of the size asked for. */
async function survivesKills(harness: Harness): Promise<void> {
  const random = randomStream(SEED, 'kills');
  // As long as a call takes among others, and a little more, so that the last ones are killed when all is done.
  const whole = Array.from({ length: KILLS_AT_ONCE }, () => harness.call('requestMachines', asking(2)));
  const life = Math.max(...(await Promise.all(whole)).map(({ took }) => took)) * 1.1;
  const moments = Array.from({ length: KILLS }, (_, place) => (life * (place + random.next())) / KILLS);
  for (let from = 0; from < KILLS; from += KILLS_AT_ONCE) {
    const some = moments.slice(from, from + KILLS_AT_ONCE);
    await Promise.all(
      some.map((ms) => harness.call('requestMachines', asking(2), { killAfterMs: Math.ceil(ms) })),
    );
  }
  await oneMore(harness);
  const requests = await requestsByTags(harness);
  for (const [requestId, launched] of requests) {
    assert.ok(launched.length <= 2, `${requestId} has ${launched.length} machines, 2 were asked for`);
    const { status, machines } = await harness.end(requestId);
    assert.equal(status, 'complete', 'a request of a killed call has machines, and no good end');
    const reported = machines.map(({ machineId }) => machineId).toSorted();
    const now = (await requestsByTags(harness)).get(requestId) ?? [];
    assert.deepEqual(now.toSorted(), reported, 'machines that no status reports');
    await harness.giveBack(machines);
  }
  await onlyThese(harness);
}

/** Killed when AWS has launched and nobody has read its answer. */
async function outlivesAKilledLaunch(harness: Harness): Promise<void> {
  await launches(harness, 4, async () => {
    const launch = await holdLaunch(harness, 'holdAfter');
    const requestId = await harness.request(4);
    await launch.arrived();
    await harness.world.killWorker();
    await launch.release();
    assert.equal((await harness.status(requestId)).status, 'running', 'the outcome is uncertain');
    await harness.world.startWorker();
    const { status, machines } = await harness.end(requestId, 40_000);
    assert.deepEqual([status, machines.length], ['complete', 4]);
  });
}

async function neverTwoForOne(harness: Harness): Promise<void> {
  await launches(harness, 4, async () => {
    const ids = [await harness.request(2), await harness.request(2)];
    assert.notEqual(ids[0], ids[1], 'two requests, and one id');
    const rows = [await harness.end(ids[0] ?? ''), await harness.end(ids[1] ?? '')];
    const machines = rows.flatMap((row) => row.machines.map(({ machineId }) => machineId));
    assert.equal(new Set(machines).size, 4, 'each has machines of its own');
  });
}

export const requests = checksFrom(19, [
  [
    'a request for one machine gets an id within 2 s',
    async (harness) => {
      const outcome = await harness.call('requestMachines', asking(1));
      assert.notEqual(accepted('requestMachines', outcome).requestId, '');
      // The machine of this test may be busy; what Host Factory must never wait for is 10 s.
      assert.ok(outcome.took < 10_000, `it took ${outcome.took} ms`);
      const took: number[] = [outcome.took];
      for (let i = 0; i < 2; i += 1) took.push((await harness.call('requestMachines', asking(1))).took);
      assert.ok(Math.min(...took) < 2_000, `it took ${took.join(', ')} ms`);
    },
  ],
  [
    'requests for 100 and 1000 machines get an id about as fast as for one',
    async (harness) => {
      const one = await harness.call('requestMachines', asking(1));
      for (const count of [100, MANY]) {
        const many = await harness.call('requestMachines', asking(count));
        const { requestId } = accepted('requestMachines', many);
        assert.ok(many.took < one.took * 4 + 1_000, `${many.took} ms for ${count}, ${one.took} ms for one`);
        await harness.end(await harness.giveBack((await harness.end(requestId)).machines));
      }
    },
  ],
  [
    'an unknown template is refused by its name, and nothing is launched',
    (harness) =>
      launches(harness, 1, async () => {
        assert.match(await harness.refused('requestMachines', asking(1, 'no-such-one')), /no-such-one/);
        await oneMore(harness);
      }),
  ],
  ['a count that is not a positive integer is refused and launches nothing; "3" is 3', refusesBadCounts],
  ['one request or several never have more than maxNumber machines', keepsToMaxNumber],
  [
    'without Temporal a request is refused within 10 s for good; if only the response is lost, its id is valid',
    refusesWithoutTemporal,
  ],
  [
    'a call that is killed at any moment leaves nothing, or a request whose machines are all reported and can be returned',
    survivesKills,
  ],
  [
    'without a worker a request is accepted and runs; it completes once there is one',
    async (harness) => {
      await harness.world.stopWorker();
      const requestId = await harness.request(2);
      assert.equal((await harness.status(requestId)).status, 'running');
      await harness.world.startWorker();
      const { status, machines } = await harness.end(requestId);
      assert.deepEqual([status, machines.length], ['complete', 2]);
    },
  ],
  ['a worker that is killed while it launches launches exactly what was asked for', outlivesAKilledLaunch],
  ['the same input twice makes two requests, each with machines of its own', neverTwoForOne],
  [
    '20 calls at once make 20 requests',
    async (harness) => {
      const calls = Array.from({ length: 20 }, () => harness.call('requestMachines', asking(1)));
      const ids = (await Promise.all(calls)).map((outcome) => accepted('requestMachines', outcome).requestId);
      assert.equal(new Set(ids).size, 20, 'ids');
    },
  ],
]);
