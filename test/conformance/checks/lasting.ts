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
  type Harness,
} from '../harness.ts';
import type { StatusRow } from '../../hfsim/hostFactory/answers.ts';
import { MANY, TEMPLATE } from '../plugin.ts';
import { BOUND_SECONDS } from './shortfalls.ts';

export async function neverChangesItsMind(harness: Harness): Promise<void> {
  const requestId = await harness.request(3);
  const { machines } = await harness.end(requestId);
  const text = async () => {
    const { code, output } = await harness.call('getRequestStatus', { requests: [{ requestId }] });
    assert.equal(code, 0, output);
    return output;
  };
  const first = await text();
  await harness.world.stopWorker();
  assert.equal(await text(), first, 'without a worker');
  // What led to this status is over for Temporal; its retention is a day at least, and this is what it does then.
  await harness.world.passRetention(requestId);
  assert.equal(await text(), first, 'without a worker, past the retention');
  await harness.world.startWorker();
  assert.equal(await text(), first, 'with another worker, past the retention');
  await harness.end(await harness.giveBack(machines));
  // What may be another one now is the word of AWS on each machine, which Host Factory does not read.
  const hfPart = (output: string) => output.replaceAll(/"status":"(running|shutting-down|terminated)"/g, '');
  assert.equal(hfPart(await text()), hfPart(first), 'when its machines are given back');
}

export async function knowsWhatItDoesNotKnow(harness: Harness): Promise<void> {
  const { status, machines, message } = await harness.status('req-of-nobody');
  assert.deepEqual([status, machines], ['complete_with_error', []]);
  assert.notEqual(message, '');
  await harness.world.stopTemporal();
  await harness.refused('getRequestStatus', { requests: [{ requestId: 'req-of-nobody' }] });
}

export async function doubtsNothingAway(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  await harness.world.setBound(BOUND_SECONDS);
  const launch = await holdLaunch(harness, 'hold');
  const requestId = await harness.request(3);
  const bound = Date.now() + BOUND_SECONDS * 1_000;
  await launch.arrived();
  const gates = await Promise.all([
    aws.addGate('DescribeInstances', 'errorBefore', null, { code: 'RequestLimitExceeded', status: 503 }),
    aws.addGate('DescribeInstanceStatus', 'errorBefore', null),
  ]);
  await launch.release();
  // Also past the bound: an uncertain outcome is not reported as an end.
  while (Date.now() < bound + 3_000) {
    const outcome = await harness.call('getRequestStatus', { requests: [{ requestId }] });
    if (outcome.code === 1) refusal(outcome);
    else {
      const [row] = accepted('getRequestStatus', outcome).requests;
      assert.equal(row?.status, 'running', 'it ended though AWS cannot be read');
    }
    await delay(500);
  }
  assert.ok((await aws.gate(gates[0].id)).arrived >= 2, 'nobody read AWS');
  for (const { id } of gates) await aws.release(id);
  const { status, machines } = await harness.end(requestId);
  const succeeded = machines.filter(({ result }) => result === 'succeed').map(({ machineId }) => machineId);
  assert.equal(succeeded.length, status === 'complete' ? 3 : 0, 'complete, and machines are missing');
  await onlyThese(harness, succeeded);
}

export async function livesWithoutItsTemplate(harness: Harness): Promise<void> {
  const launch = await holdLaunch(harness, 'hold');
  const requestId = await harness.request(2);
  await launch.arrived();
  const others = (await readTemplates(harness.plugin)).filter(({ templateId }) => templateId !== TEMPLATE);
  await writeTemplates(harness.plugin, others);
  await launch.release();
  const { status, machines } = await harness.end(requestId);
  assert.deepEqual([status, machines.length], ['complete', 2]);
  assert.deepEqual(await harness.going(machines), []);
  await harness.world.aws.terminate(machines[0]?.machineId ?? '');
  await eventually(
    'its loss is reported',
    async () => (await harness.going(machines)).length === 1,
    20_000,
    LOSS_POLL_MS,
  );
  const back = await harness.end(await harness.giveBack(machines));
  assert.equal(back.status, 'complete', back.message);
  await onlyThese(harness);
}

async function readSlowly(harness: Harness, file: string): Promise<string> {
  const child = spawn(path.join(harness.plugin.scripts, 'getRequestStatus.sh'), ['-f', file], {
    cwd: '/',
    env: harness.plugin.env,
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
export async function carriesThousands(harness: Harness): Promise<void> {
  const requestId = await harness.request(MANY);
  const { machines } = await harness.end(requestId);
  assert.equal(machines.length, MANY);
  const file = path.join(harness.plugin.env['HF_PROVIDER_WORKDIR'] ?? '', 'hf_in_slow');
  await writeFile(file, JSON.stringify({ requests: [{ requestId }] }));
  let row: StatusRow | undefined;
  // While Temporal is too busy to ask the owner, the request runs and nothing is said of its machines.
  for (let read = 1; read <= 5 && row?.status !== 'complete'; read += 1)
    [row] = (JSON.parse(await readSlowly(harness, file)) as { requests: StatusRow[] }).requests;
  assert.equal(row?.machines.length, MANY, 'cut off');
  await harness.within(5_000, 'getRequestStatus', { requests: [{ requestId }] });
  const hosts = hostsOf(machines);
  await harness.within(5_000, 'getReturnRequests', { machines: hosts });
  await harness.within(5_000, 'requestReturnMachines', { machines: hosts });
  await onlyThese(harness);
}
