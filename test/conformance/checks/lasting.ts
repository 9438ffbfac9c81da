import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../fixtures/eventually.ts';
import {
  LOSS_POLL_MS,
  accepted,
  holdLaunch,
  hostsOf,
  onlyThese,
  readTemplates,
  refusal,
  writeTemplates,
  type Bench,
} from '../harness.ts';
import type { StatusRow } from '../../hfsim/hostFactory/answers.ts';
import { MANY, TEMPLATE } from '../plugin.ts';
import { BOUND_SECONDS } from './shortfalls.ts';

export async function neverChangesItsMind(bench: Bench): Promise<void> {
  const requestId = await bench.request(3);
  const { machines } = await bench.end(requestId);
  const text = async () => {
    const { code, output } = await bench.call('getRequestStatus', { requests: [{ requestId }] });
    assert.equal(code, 0, output);
    return output;
  };
  const first = await text();
  await bench.world.stopWorker();
  assert.equal(await text(), first, 'without a worker');
  // What led to this status is over for Temporal; its retention is a day at least, and this is what it does then.
  await bench.world.passRetention(requestId);
  assert.equal(await text(), first, 'without a worker, past the retention');
  await bench.world.startWorker();
  assert.equal(await text(), first, 'with another worker, past the retention');
  await bench.end(await bench.giveBack(machines));
  // What may be another one now is the word of AWS on each machine, which Host Factory does not read.
  const told = (output: string) => output.replaceAll(/"status":"(running|shutting-down|terminated)"/g, '');
  assert.equal(told(await text()), told(first), 'when its machines are given back');
}

export async function knowsWhatItDoesNotKnow(bench: Bench): Promise<void> {
  const { status, machines, message } = await bench.status('req-of-nobody');
  assert.deepEqual([status, machines], ['complete_with_error', []]);
  assert.notEqual(message, '');
  await bench.world.stopTemporal();
  await bench.refused('getRequestStatus', { requests: [{ requestId: 'req-of-nobody' }] });
}

export async function doubtsNothingAway(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  await bench.world.setBound(BOUND_SECONDS);
  const launch = await holdLaunch(bench, 'hold');
  const requestId = await bench.request(3);
  const bound = Date.now() + BOUND_SECONDS * 1_000;
  await launch.arrived();
  const gates = await Promise.all([
    aws.addGate('DescribeInstances', 'errorBefore', null, { code: 'RequestLimitExceeded', status: 503 }),
    aws.addGate('DescribeInstanceStatus', 'errorBefore', null),
  ]);
  await launch.release();
  // Also past the bound: what is not known is not told as an end.
  while (Date.now() < bound + 3_000) {
    const outcome = await bench.call('getRequestStatus', { requests: [{ requestId }] });
    if (outcome.code === 1) refusal(outcome);
    else {
      const [row] = accepted('getRequestStatus', outcome).requests;
      assert.equal(row?.status, 'running', 'it ended though AWS cannot be read');
    }
    await delay(500);
  }
  assert.ok((await aws.gate(gates[0].id)).arrived >= 2, 'nobody read AWS');
  for (const { id } of gates) await aws.release(id);
  const { status, machines } = await bench.end(requestId);
  const succeeded = machines.filter(({ result }) => result === 'succeed').map(({ machineId }) => machineId);
  assert.equal(succeeded.length, status === 'complete' ? 3 : 0, 'complete, and machines are missing');
  await onlyThese(bench, succeeded);
}

export async function livesWithoutItsTemplate(bench: Bench): Promise<void> {
  const launch = await holdLaunch(bench, 'hold');
  const requestId = await bench.request(2);
  await launch.arrived();
  const others = (await readTemplates(bench.plugin)).filter(({ templateId }) => templateId !== TEMPLATE);
  await writeTemplates(bench.plugin, others);
  await launch.release();
  const { status, machines } = await bench.end(requestId);
  assert.deepEqual([status, machines.length], ['complete', 2]);
  assert.deepEqual(await bench.going(machines), []);
  await bench.world.aws.terminate(machines[0]?.machineId ?? '');
  await eventually(
    'its loss is told',
    async () => (await bench.going(machines)).length === 1,
    20_000,
    LOSS_POLL_MS,
  );
  const back = await bench.end(await bench.giveBack(machines));
  assert.equal(back.status, 'complete', back.message);
  await onlyThese(bench);
}

async function readSlowly(bench: Bench, file: string): Promise<string> {
  const child = spawn(path.join(bench.plugin.scripts, 'getRequestStatus.sh'), ['-f', file], {
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
  return text;
}

/** 1000 machines through a pipe that is read late and slowly, and 1000 hosts as input. */
export async function carriesThousands(bench: Bench): Promise<void> {
  const requestId = await bench.request(MANY);
  const { machines } = await bench.end(requestId);
  assert.equal(machines.length, MANY);
  const file = path.join(bench.plugin.env['HF_PROVIDER_WORKDIR'] ?? '', 'hf_in_slow');
  await writeFile(file, JSON.stringify({ requests: [{ requestId }] }));
  let row: StatusRow | undefined;
  // While Temporal is too busy to ask the owner, the request runs and nothing is said of its machines.
  for (let read = 1; read <= 5 && row?.status !== 'complete'; read += 1)
    [row] = (JSON.parse(await readSlowly(bench, file)) as { requests: StatusRow[] }).requests;
  assert.equal(row?.machines.length, MANY, 'cut off');
  await bench.within(5_000, 'getRequestStatus', { requests: [{ requestId }] });
  const hosts = hostsOf(machines);
  await bench.within(5_000, 'getReturnRequests', { machines: hosts });
  await bench.within(5_000, 'requestReturnMachines', { machines: hosts });
  await onlyThese(bench);
}
