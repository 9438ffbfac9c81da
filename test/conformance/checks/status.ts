import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { MachineRow } from '../../hfsim/answers.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { holdLaunch, onlyThese, readTemplates, writeTemplates, type Bench } from '../bench.ts';
import { checksFrom } from '../check.ts';
import { MOST, SPOT_TEMPLATE, TEMPLATE, WEIGHTED_TEMPLATE } from '../plugin.ts';
import { BOUND_SECONDS, shortfalls } from './shortfalls.ts';

const results = (machines: readonly MachineRow[]) => machines.map(({ result }) => result);

async function tellsAllOfAMachine(bench: Bench): Promise<void> {
  const before = Math.floor(Date.now() / 1_000);
  const { status, message, machines } = await bench.end(await bench.request(2));
  assert.deepEqual([status, machines.length, typeof message], ['complete', 2, 'string']);
  const instances = await bench.world.aws.instances();
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

/** While AWS shows a fresh machine late it is not yet one that Host Factory can use. */
async function waitsForNames(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  await aws.setSettings({ consistencyLagMs: 2_500 });
  const before = await bench.launched();
  const requestId = await bench.request(2);
  await eventually('AWS launches', async () => (await bench.launched()) === before + 2);
  const until = Date.now() + 2_000;
  while (Date.now() < until) {
    const { status, machines } = await bench.status(requestId);
    assert.equal(status, 'running', 'it ended before AWS showed its machines');
    assert.ok(
      results(machines).every((result) => result === 'executing'),
      'a machine succeeded that AWS does not show',
    );
  }
  const { machines } = await bench.end(requestId);
  assert.deepEqual(results(machines), ['succeed', 'succeed']);
}

async function answersManyAtOnce(bench: Bench): Promise<void> {
  const created = await bench.request(1);
  const { machines } = await bench.end(created);
  const returned = await bench.giveBack(machines);
  const ids = [created, returned, 'req-of-nobody'];
  const one = await bench.ok('getRequestStatus', { requests: { requestId: created } });
  assert.deepEqual(
    one.requests.map(({ requestId }) => requestId),
    [created],
    'the id as an object',
  );
  const { requests } = await bench.ok('getRequestStatus', {
    requests: ids.map((requestId) => ({ requestId })),
  });
  assert.deepEqual(
    requests.map(({ requestId }) => requestId),
    ids,
    'ids, each once',
  );
  await bench.end(returned);
}

/** The strict reader refuses every other word; here it reads all states of a life. */
async function knowsFewWords(bench: Bench): Promise<void> {
  const seen = new Set<string>();
  const look = async (id: string) => {
    for (;;) {
      const { status, machines } = await bench.status(id);
      seen.add(status);
      for (const { result } of machines) seen.add(result);
      if (status !== 'running') return machines;
    }
  };
  const machines = await look(await bench.request(3));
  const [first] = machines;
  assert.ok(first);
  await bench.world.aws.protect(first.machineId);
  await look(await bench.giveBack(machines));
  const words = ['complete', 'complete_with_error', 'executing', 'fail', 'running', 'succeed'];
  assert.deepEqual([...seen].toSorted(), words, 'not all states were seen');
}

async function explainsAShortage(bench: Bench): Promise<void> {
  const { some } = await shortfalls(bench);
  const { status, machines, message } = await bench.status(some.requestId);
  const succeeded = machines.filter(({ result }) => result === 'succeed');
  assert.deepEqual([status, succeeded.length], ['complete', 7], message);
  assert.match(message, /3|7/, 'the message does not tell what is missing');
  assert.ok(some.endedWithinSeconds < BOUND_SECONDS + 10, `it took ${some.endedWithinSeconds} s`);
  assert.equal(some.launchedLater, 0, 'launched after the end');
}

async function endsWithNothing(bench: Bench): Promise<void> {
  const { none, refused } = await shortfalls(bench);
  for (const { requestId, endedWithinSeconds } of [none, refused]) {
    const { status, machines, message } = await bench.status(requestId);
    assert.equal(status, 'complete_with_error', message);
    assert.notEqual(message, '', 'it says nothing of the reason');
    assert.equal(machines.filter(({ result }) => result === 'succeed').length, 0);
    assert.ok(endedWithinSeconds < BOUND_SECONDS + 10, `it took ${endedWithinSeconds} s`);
  }
}

async function givesUpSlowMachines(bench: Bench): Promise<void> {
  const { slow } = await shortfalls(bench);
  const { status, machines } = await bench.status(slow.requestId);
  assert.equal(status, 'complete_with_error');
  assert.deepEqual(results(machines), ['fail', 'fail'], 'machines that never ran');
  assert.deepEqual(slow.aliveAtEnd, [], 'left alive');
}

async function tellsOfTheDead(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  await aws.setSettings({ pendingSeconds: 3 });
  const requestId = await bench.request(2);
  const [dead] = await eventually('both are launched', async () => {
    const { machines } = await bench.status(requestId);
    return machines.length === 2 && machines.map(({ machineId }) => machineId);
  }).then((ids) => ids || []);
  assert.ok(dead);
  await aws.terminate(dead, 'Server.InternalError');
  const { machines } = await bench.end(requestId);
  const row = machines.find(({ machineId }) => machineId === dead);
  assert.equal(row?.result, 'fail', 'the machine that died is not told of');
}

async function neverChangesItsMind(bench: Bench): Promise<void> {
  const requestId = await bench.request(3);
  await bench.end(requestId);
  const text = async () => {
    const { code, output } = await bench.call('getRequestStatus', { requests: [{ requestId }] });
    assert.equal(code, 0, output);
    return output;
  };
  const first = await text();
  await bench.world.stopWorker();
  assert.equal(await text(), first, 'without a worker');
  await bench.world.startWorker();
  assert.equal(await text(), first, 'with another worker');
  assert.equal(await text(), first, 'later');
}

async function knowsWhatItDoesNotKnow(bench: Bench): Promise<void> {
  const { status, machines, message } = await bench.status('req-of-nobody');
  assert.deepEqual([status, machines], ['complete_with_error', []]);
  assert.notEqual(message, '');
  await bench.world.stopTemporal();
  await bench.refused('getRequestStatus', { requests: [{ requestId: 'req-of-nobody' }] });
}

async function doubtsNothingAway(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  const launch = await holdLaunch(bench, 'hold');
  const requestId = await bench.request(3);
  await launch.arrived();
  const gate = await aws.addGate('DescribeInstances', 'errorBefore', null, {
    code: 'RequestLimitExceeded',
    status: 503,
  });
  for (const { id, action } of await aws.gates()) if (action !== gate.action) await aws.release(id);
  await aws.whenArrived(gate.id, { calls: 2, timeoutMs: 30_000 });
  for (let i = 0; i < 5; i += 1) {
    assert.equal((await bench.status(requestId)).status, 'running', 'it ended though AWS cannot be read');
  }
  await aws.release(gate.id);
  const { status, machines } = await bench.end(requestId);
  assert.deepEqual([status, results(machines)], ['complete', ['succeed', 'succeed', 'succeed']]);
}

async function livesWithoutItsTemplate(bench: Bench): Promise<void> {
  const launch = await holdLaunch(bench, 'hold');
  const requestId = await bench.request(2);
  await launch.arrived();
  const others = (await readTemplates(bench.plugin)).filter(({ templateId }) => templateId !== TEMPLATE);
  await writeTemplates(bench.plugin, others);
  await launch.release();
  const { status, machines } = await bench.end(requestId);
  assert.deepEqual([status, machines.length], ['complete', 2]);
  assert.deepEqual(await bench.going(machines), []);
  const back = await bench.end(await bench.giveBack(machines));
  assert.equal(back.status, 'complete', back.message);
  await onlyThese(bench);
}

/** 1000 machines through a pipe that is read late and slowly, and 1000 hosts as input. */
async function carriesThousands(bench: Bench): Promise<void> {
  const requestId = await bench.request(MOST);
  const { machines } = await bench.end(requestId);
  assert.equal(machines.length, MOST);
  const file = path.join(bench.plugin.env['HF_PROVIDER_WORKDIR'] ?? '', 'hf_in_slow');
  await writeFile(file, JSON.stringify({ requests: [{ requestId }] }));
  const script = path.join(bench.plugin.scripts, 'getRequestStatus.sh');
  const child = spawn(script, ['-f', file], {
    cwd: '/',
    env: bench.plugin.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await delay(1_500);
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += String(chunk);
    await delay(5);
  }
  const { requests } = JSON.parse(text) as { requests: { machines: unknown[] }[] };
  assert.equal(requests[0]?.machines.length, MOST, 'cut off');
  const { took: atOnce } = await bench.call('getRequestStatus', { requests: [{ requestId }] });
  assert.ok(atOnce < 5_000, `a status took ${atOnce} ms`);
  const hosts = machines.map(({ name, machineId }) => ({ name, machineId }));
  for (const operation of ['getReturnRequests', 'requestReturnMachines'] as const) {
    const { took, code, output } = await bench.call(operation, { machines: hosts });
    assert.equal(code, 0, output);
    assert.ok(took < 5_000, `${operation} took ${took} ms`);
  }
  await onlyThese(bench);
}

async function justAfter(bench: Bench): Promise<void> {
  const launch = await holdLaunch(bench, 'hold');
  const requestId = await bench.request(2);
  await launch.arrived();
  for (let i = 0; i < 3; i += 1) {
    const { status, machines } = await bench.status(requestId);
    assert.equal(status, 'running', 'nothing is launched yet');
    assert.ok(
      results(machines).every((result) => result === 'executing'),
      'a machine before its launch',
    );
  }
  await launch.release();
  await bench.end(requestId);
}

async function countsUnits(bench: Bench): Promise<void> {
  const { status, machines } = await bench.end(await bench.request(10, WEIGHTED_TEMPLATE));
  assert.deepEqual([status, results(machines)], ['complete', ['succeed', 'succeed', 'succeed']]);
  const spot = await bench.end(await bench.request(2, SPOT_TEMPLATE));
  assert.equal(spot.machines.length, 2);
}

export const status = checksFrom(30, [
  ['a request that was just made is running', justAfter],
  [
    'all machines are up: complete, with id, name, address and launch time of each as AWS has them',
    tellsAllOfAMachine,
  ],
  ['a machine that AWS does not show yet is executing, and its request runs', waitsForNames],
  [
    'ids as an object or a list, of creates, returns and of nobody: one answer each, in order',
    answersManyAtOnce,
  ],
  ['status and result have the few words that Host Factory knows, in every state', knowsFewWords],
  ['7 of 10: complete in time, with a message that tells it, and nothing launched later', explainsAShortage],
  ['no capacity, or refused by AWS: complete_with_error in time, with the reason', endsWithNothing],
  ['machines that do not come up in time fail with a message and are terminated', givesUpSlowMachines],
  ['a machine that dies while it boots is told of as failed', tellsOfTheDead],
  ['a final status stays byte for byte, also with another worker and with none', neverChangesItsMind],
  ['an id of nobody: complete_with_error; but exit code 1 when nobody can know', knowsWhatItDoesNotKnow],
  ['while AWS cannot be read a request runs', doubtsNothingAway],
  ['10 units by machines of four units: complete with three', countsUnits],
  ['a template that goes while its request is open is not missed', livesWithoutItsTemplate],
  [
    '1000 machines through a slow pipe are whole, and 1000 hosts as input take less than 5 s',
    carriesThousands,
  ],
]);
