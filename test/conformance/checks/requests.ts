import { strict as assert } from 'node:assert';
import { randomStream } from '../../hfsim/random.ts';
import {
  accepted,
  holdLaunch,
  onlyThese,
  readTemplates,
  requestsByTags,
  writeTemplates,
  type Bench,
} from '../harness.ts';
import { checksFrom } from '../check.ts';
import { MANY, MOST, TEMPLATE } from '../plugin.ts';

const asking = (machineCount: unknown, templateId = TEMPLATE): object => ({
  template: { templateId, machineCount },
});

/** Does it, and asserts how many machines AWS launched meanwhile. */
async function launches(bench: Bench, count: number, act: () => Promise<unknown>): Promise<void> {
  const before = await bench.launched();
  await act();
  assert.equal((await bench.launched()) - before, count, 'machines launched');
}

/** A whole request after another: what was queued before it has been seen by then. */
const oneMore = (bench: Bench) => bench.machines(1);

async function refusesBadCounts(bench: Bench): Promise<void> {
  await launches(bench, 1, async () => {
    for (const count of [0, -1, 1.5, 'abc', null, undefined]) {
      await bench.refused('requestMachines', asking(count));
    }
    await oneMore(bench);
  });
  // Documented: a count that is written as text counts.
  await launches(bench, 3, async () => {
    const { machines } = await bench.end(await bench.request('3'));
    assert.equal(machines.length, 3);
  });
}

async function keepsToMaxNumber(bench: Bench): Promise<void> {
  await launches(bench, 1, async () => {
    assert.match(await bench.refused('requestMachines', asking(MOST + 1)), new RegExp(`\\b${MOST}\\b`));
    await oneMore(bench);
  });
  const templates = await readTemplates(bench.plugin);
  await writeTemplates(bench.plugin, [...templates, { ...templates[0], templateId: 'few', maxNumber: 3 }]);
  const { machines } = await bench.end(await bench.request(2, 'few'));
  const others = (await bench.alive()).length - machines.length;
  // Refused at once, or taken and ended with what still may be had.
  const second = await bench.call('requestMachines', asking(2, 'few'));
  const more = second.code === 0 ? await bench.end(accepted('requestMachines', second).requestId) : undefined;
  const live = (await bench.alive()).length - others;
  assert.ok(live <= 3, `${live} machines are live, maxNumber is 3`);
  if (more) assert.match(more.message, /maxNumber/);
  await bench.end(await bench.giveBack(machines));
  const { status, machines: anew } = await bench.end(await bench.request(2, 'few'));
  assert.deepEqual([status, anew.length], ['complete', 2], 'what was given back still counts');
}

async function refusesWithoutTemporal(bench: Bench): Promise<void> {
  await bench.world.stopTemporal();
  const outcome = await bench.call('requestMachines', asking(2));
  assert.equal(outcome.code, 1, `nothing can be recorded, and it said: ${outcome.output}`);
  assert.ok(outcome.took < 10_000, `it took ${outcome.took} ms`);
  await bench.world.startTemporal();
  await launches(bench, 1, () => oneMore(bench));
  await bench.world.withoutAnswers(async (plugin) => {
    const deaf = bench.of(plugin);
    await launches(bench, 2, async () => {
      const { status, machines } = await bench.end(await deaf.request(2));
      assert.deepEqual([status, machines.length], ['complete', 2], 'the id does not tell the truth');
    });
  });
}

/** How often a call is killed, and how many of these at once. */
const KILLS = 24;
const KILLS_AT_ONCE = 4;
const SEED = 4711;

/** Killed all over its life: what was launched belongs to a request that AWS's tags name, of the size asked for. */
async function survivesKills(bench: Bench): Promise<void> {
  const random = randomStream(SEED, 'kills');
  // As long as a call takes among others, and a little more, so that the last ones are killed when all is done.
  const whole = Array.from({ length: KILLS_AT_ONCE }, () => bench.call('requestMachines', asking(2)));
  const life = Math.max(...(await Promise.all(whole)).map(({ took }) => took)) * 1.1;
  const moments = Array.from({ length: KILLS }, (_, place) => (life * (place + random.next())) / KILLS);
  for (let from = 0; from < KILLS; from += KILLS_AT_ONCE) {
    const some = moments.slice(from, from + KILLS_AT_ONCE);
    await Promise.all(
      some.map((ms) => bench.call('requestMachines', asking(2), { killAfterMs: Math.ceil(ms) })),
    );
  }
  await oneMore(bench);
  const requests = await requestsByTags(bench);
  for (const [requestId, launched] of requests) {
    assert.ok(launched.length <= 2, `${requestId} has ${launched.length} machines, 2 were asked for`);
    const { status, machines } = await bench.end(requestId);
    assert.equal(status, 'complete', 'a request of a killed call has machines, and no good end');
    const told = machines.map(({ machineId }) => machineId).toSorted();
    const now = (await requestsByTags(bench)).get(requestId) ?? [];
    assert.deepEqual(now.toSorted(), told, 'machines that nobody tells of');
    await bench.giveBack(machines);
  }
  await onlyThese(bench);
}

/** Killed when AWS has launched and nobody has read its answer. */
async function outlivesAKilledLaunch(bench: Bench): Promise<void> {
  await launches(bench, 4, async () => {
    const launch = await holdLaunch(bench, 'holdAfter');
    const requestId = await bench.request(4);
    await launch.arrived();
    await bench.world.killWorker();
    await launch.release();
    assert.equal((await bench.status(requestId)).status, 'running', 'nobody can know its end');
    await bench.world.startWorker();
    const { status, machines } = await bench.end(requestId, 40_000);
    assert.deepEqual([status, machines.length], ['complete', 4]);
  });
}

async function neverTwoForOne(bench: Bench): Promise<void> {
  await launches(bench, 4, async () => {
    const ids = [await bench.request(2), await bench.request(2)];
    assert.notEqual(ids[0], ids[1], 'two requests, and one id');
    const rows = [await bench.end(ids[0] ?? ''), await bench.end(ids[1] ?? '')];
    const machines = rows.flatMap((row) => row.machines.map(({ machineId }) => machineId));
    assert.equal(new Set(machines).size, 4, 'each has machines of its own');
  });
}

export const requests = checksFrom(19, [
  [
    'one machine: an id, within 2 s',
    async (bench) => {
      const outcome = await bench.call('requestMachines', asking(1));
      assert.notEqual(accepted('requestMachines', outcome).requestId, '');
      // The machine of this test may be busy; what Host Factory must never wait for is 10 s.
      assert.ok(outcome.took < 10_000, `it took ${outcome.took} ms`);
      const took: number[] = [outcome.took];
      for (let i = 0; i < 2; i += 1) took.push((await bench.call('requestMachines', asking(1))).took);
      assert.ok(Math.min(...took) < 2_000, `it took ${took.join(', ')} ms`);
    },
  ],
  [
    '100 and 1000 machines: one id each, about as fast as for one',
    async (bench) => {
      const one = await bench.call('requestMachines', asking(1));
      for (const count of [100, MANY]) {
        const many = await bench.call('requestMachines', asking(count));
        const { requestId } = accepted('requestMachines', many);
        assert.ok(many.took < one.took * 4 + 1_000, `${many.took} ms for ${count}, ${one.took} ms for one`);
        await bench.end(await bench.giveBack((await bench.end(requestId)).machines));
      }
    },
  ],
  [
    'an unknown template is refused by its name, and nothing is launched',
    (bench) =>
      launches(bench, 1, async () => {
        assert.match(await bench.refused('requestMachines', asking(1, 'no-such-one')), /no-such-one/);
        await oneMore(bench);
      }),
  ],
  ['a count that is no whole number from 1 up is refused and launches nothing; "3" is 3', refusesBadCounts],
  ['more than maxNumber are refused and never live, by one request or by several', keepsToMaxNumber],
  [
    'without Temporal a request is refused within 10 s for good; where only the answer is lost its id tells the truth',
    refusesWithoutTemporal,
  ],
  [
    'a call that is killed at any moment leaves nothing, or a request whose machines are all told of and given back',
    survivesKills,
  ],
  [
    'without a worker a request is accepted and runs; it completes once there is one',
    async (bench) => {
      await bench.world.stopWorker();
      const requestId = await bench.request(2);
      assert.equal((await bench.status(requestId)).status, 'running');
      await bench.world.startWorker();
      const { status, machines } = await bench.end(requestId);
      assert.deepEqual([status, machines.length], ['complete', 2]);
    },
  ],
  ['a worker that is killed while it launches launches exactly what was asked for', outlivesAKilledLaunch],
  ['the same input twice makes two requests, each with machines of its own', neverTwoForOne],
  [
    '20 calls at once make 20 requests',
    async (bench) => {
      const calls = Array.from({ length: 20 }, () => bench.call('requestMachines', asking(1)));
      const ids = (await Promise.all(calls)).map((outcome) => accepted('requestMachines', outcome).requestId);
      assert.equal(new Set(ids).size, 20, 'ids');
    },
  ],
]);
