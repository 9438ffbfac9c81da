import { strict as assert } from 'node:assert';
import type { MachineRow } from '../../hfsim/hostFactory/answers.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { holdLaunch, type Harness } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { SPOT_TEMPLATE, WEIGHTED_TEMPLATE } from '../plugin.ts';
import {
  carriesThousands,
  doubtsNothingAway,
  knowsWhatItDoesNotKnow,
  livesWithoutItsTemplate,
  neverChangesItsMind,
} from './lasting.ts';
import { BOUND_SECONDS, shortfalls } from './shortfalls.ts';

const results = (machines: readonly MachineRow[]) => machines.map(({ result }) => result);

async function tellsAllOfAMachine(harness: Harness): Promise<void> {
  const before = Math.floor(Date.now() / 1_000);
  const { status, message, machines } = await harness.end(await harness.request(2));
  assert.deepEqual([status, machines.length, typeof message], ['complete', 2, 'string']);
  const instances = await harness.world.aws.instances();
  for (const machine of machines) {
    assert.ok(machine.result === 'succeed', `${machine.machineId}: ${machine.result}`);
    const truth = instances.find(({ id }) => id === machine.machineId);
    assert.ok(truth?.live, `${machine.machineId} is no machine of AWS`);
    assert.equal(machine.privateIpAddress, truth.privateIp, 'the address is not that of the machine');
    assert.ok(machine.name.startsWith('ip-'), `${machine.name} is not the host name on AWS`);
    assert.ok(machine.launchtime >= before - 3_600, 'launchtime is too early');
    assert.ok(machine.launchtime <= Date.now() / 1_000 + 1, 'launchtime is in the future: no seconds');
  }
}

/** AWS shows a fresh machine late, and then runs it for a while without its name and address. */
async function waitsForNames(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  await aws.setSettings({ consistencyLagMs: 1_500, addressLagMs: 2_500 });
  const before = await harness.launched();
  const requestId = await harness.request(2);
  await eventually('AWS launches', async () => (await harness.launched()) === before + 2);
  const until = Date.now() + 3_500;
  const seen = new Set<string>();
  while (Date.now() < until) {
    const { status, machines } = await harness.status(requestId);
    assert.equal(status, 'running', 'it ended before AWS showed its machines');
    assert.ok(
      results(machines).every((result) => result === 'executing'),
      'a machine succeeded that AWS does not show',
    );
    const { id, state } = (await aws.instances()).at(-1) ?? {};
    if (machines.some(({ machineId }) => machineId === id)) seen.add(state ?? '');
  }
  assert.ok(seen.has('running'), 'no machine that runs without its name is reported');
  const { machines } = await harness.end(requestId);
  assert.deepEqual(results(machines), ['succeed', 'succeed']);
}

async function answersManyAtOnce(harness: Harness): Promise<void> {
  const created = await harness.request(1);
  const { machines } = await harness.end(created);
  const returned = await harness.giveBack(machines);
  const ids = [created, returned, 'req-of-nobody'];
  const one = await harness.ok('getRequestStatus', { requests: { requestId: created } });
  assert.deepEqual(
    one.requests.map(({ requestId }) => requestId),
    [created],
    'the id as an object',
  );
  const { requests } = await harness.ok('getRequestStatus', {
    requests: ids.map((requestId) => ({ requestId })),
  });
  assert.deepEqual(
    requests.map(({ requestId }) => requestId),
    ids,
    'ids, each once',
  );
  await harness.end(returned);
}

/** The strict reader refuses every other word; here it reads all states of a life. */
async function knowsFewWords(harness: Harness): Promise<void> {
  const seen = new Set<string>();
  const look = async (id: string) => {
    for (;;) {
      const { status, machines } = await harness.status(id);
      seen.add(status);
      for (const { result } of machines) seen.add(result);
      if (status !== 'running') return machines;
    }
  };
  const machines = await look(await harness.request(3));
  const [first] = machines;
  assert.ok(first);
  await harness.world.aws.protect(first.machineId);
  await look(await harness.giveBack(machines));
  const words = ['complete', 'complete_with_error', 'executing', 'fail', 'running', 'succeed'];
  assert.deepEqual([...seen].toSorted(), words, 'not all states were seen');
}

async function explainsAShortage(harness: Harness): Promise<void> {
  const { some } = await shortfalls(harness);
  const { status, machines, message } = await harness.status(some.requestId);
  const succeeded = machines.filter(({ result }) => result === 'succeed');
  assert.deepEqual([status, succeeded.length], ['complete', 7], message);
  assert.match(message, /3|7/, 'the message does not tell what is missing');
  assert.ok(some.endedWithinSeconds < BOUND_SECONDS + 10, `it took ${some.endedWithinSeconds} s`);
  assert.equal(some.launchedLater, 0, 'launched after the end');
}

async function endsWithNothing(harness: Harness): Promise<void> {
  const { none, badImage, badSubnet, denied } = await shortfalls(harness);
  const reasons = [
    [none, /capacity/i],
    [badImage, /image|ami/i],
    [badSubnet, /subnet/i],
    [denied, /authorized/i],
  ] as const;
  for (const [{ requestId, endedWithinSeconds, aliveAtEnd }, reason] of reasons) {
    const { status, machines, message } = await harness.status(requestId);
    assert.equal(status, 'complete_with_error', `'${status}': ${message}`);
    assert.match(message, reason, 'it says nothing of the reason');
    assert.equal(machines.filter(({ result }) => result === 'succeed').length, 0);
    assert.ok(endedWithinSeconds < BOUND_SECONDS + 10, `it took ${endedWithinSeconds} s`);
    assert.deepEqual(aliveAtEnd, [], 'left alive');
  }
}

async function givesUpSlowMachines(harness: Harness): Promise<void> {
  const { slow } = await shortfalls(harness);
  const { status, machines } = await harness.status(slow.requestId);
  assert.equal(status, 'complete_with_error');
  assert.deepEqual(results(machines), ['fail', 'fail'], 'machines that never ran');
  assert.deepEqual(slow.aliveAtEnd, [], 'left alive');
}

async function tellsOfTheDead(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  await aws.setSettings({ pendingSeconds: 3 });
  const requestId = await harness.request(2);
  const [dead] = await eventually('both are launched', async () => {
    const { machines } = await harness.status(requestId);
    return machines.length === 2 && machines.map(({ machineId }) => machineId);
  }).then((ids) => ids || []);
  assert.ok(dead);
  await aws.terminate(dead, 'Server.InternalError');
  const { machines } = await harness.end(requestId);
  const row = machines.find(({ machineId }) => machineId === dead);
  assert.equal(row?.result, 'fail', 'the machine that failed is not reported');
}

async function justAfter(harness: Harness): Promise<void> {
  const launch = await holdLaunch(harness, 'hold');
  const requestId = await harness.request(2);
  await launch.arrived();
  for (let i = 0; i < 3; i += 1) {
    const { status, machines } = await harness.status(requestId);
    assert.equal(status, 'running', 'nothing is launched yet');
    assert.ok(
      results(machines).every((result) => result === 'executing'),
      'a machine before its launch',
    );
  }
  await launch.release();
  await harness.end(requestId);
}

async function countsUnits(harness: Harness): Promise<void> {
  const { status, machines } = await harness.end(await harness.request(10, WEIGHTED_TEMPLATE));
  assert.deepEqual([status, results(machines)], ['complete', ['succeed', 'succeed', 'succeed']]);
  const spot = await harness.end(await harness.request(2, SPOT_TEMPLATE));
  assert.equal(spot.machines.length, 2);
}

/** Checks that wait for a bound of half a minute begin at once, each lane with its own. */
const [BOUND_LANE, OTHER_BOUND_LANE] = [0, 1];

export const status = checksFrom(30, [
  ['a request that was just made is running', justAfter],
  [
    'a complete request has the id, name, address and launch time of each machine as AWS has them',
    tellsAllOfAMachine,
  ],
  [
    'a machine that AWS does not show yet, or without its name, is executing, and its request is running',
    waitsForNames,
  ],
  [
    'ids of requests, returns and unknown ones, as an object or a list, get one answer each, in order',
    answersManyAtOnce,
  ],
  ['status and result have only the values that Host Factory knows, in every state', knowsFewWords],
  [
    'a request that gets 7 of 10 machines is complete in time, with a message, and launches nothing later',
    explainsAShortage,
    BOUND_LANE,
  ],
  [
    'a request without capacity, image, subnet or permission is complete_with_error in time, with the reason',
    endsWithNothing,
    BOUND_LANE,
  ],
  [
    'machines that do not boot in time fail with a message and are terminated',
    givesUpSlowMachines,
    BOUND_LANE,
  ],
  ['a machine that fails while it boots is reported as failed', tellsOfTheDead],
  [
    "a final status stays the same byte for byte: with another worker, with none, and past Temporal's retention",
    neverChangesItsMind,
  ],
  ['an unknown id is complete_with_error, or exit code 1 while that is uncertain', knowsWhatItDoesNotKnow],
  [
    'a request is running while AWS cannot be read, also past its deadline',
    doubtsNothingAway,
    OTHER_BOUND_LANE,
  ],
  ['a request for 10 units is complete with three machines of four units', countsUnits],
  ['an open request and its return do not need their template any more', livesWithoutItsTemplate],
  [
    'a status of 1000 machines arrives complete through a slow pipe, and 1000 hosts as input take less than 5 s',
    carriesThousands,
  ],
]);
