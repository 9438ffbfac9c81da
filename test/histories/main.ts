import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { monitorId } from '../../contract/ids.ts';
import { onDemand } from '../fixtures/scratch.ts';
import {
  ended,
  goingOf,
  requestMachines,
  returnMachines,
  type HfMachine,
} from '../fixtures/stack/hostFactory.ts';
import { QUICK, startStack, type Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { machineWordsIn, scrub } from './scrub.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

const USAGE = `npm run histories -- NAME [LIFE...]

Lives whole lives on Temporal's dev server, and keeps their histories in test/fixtures/histories/NAME, where every later
release must be able to replay them. NAME is that of a release, or of the patch with which they were recorded.
Lives: whole, short, grouped, cancelled, adopted, taken; by default all.`;

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const PROVIDER = { deployment: 'e2e', name: 'awsinst' };
const group = onDemand({
  templateId: 'group',
  providerApi: 'AutoScalingGroup',
  imageId: 'ami-00000000000000001',
  subnetId: 'subnet-0000000000000000a',
});

/** Workflow ids of what was lived, by the name of its file. */
type Lived = Readonly<Record<string, string>>;

const giveBack = async (stack: Stack, machines: readonly Partial<HfMachine>[]): Promise<string> => {
  const returnId = await returnMachines(stack, machines);
  await ended(stack, returnId);
  return returnId;
};

/** From the request to the last machine, with a worker that is killed while they boot. */
async function whole(stack: Stack): Promise<Lived> {
  const request = await requestMachines(stack, 5);
  await eventually('they are launched', async () => (await stack.simulator.summary()).live === 5);
  await stack.killWorker();
  await stack.startWorker();
  const { machines } = await ended(stack, request);
  await goingOf(stack, machines);
  const one = await giveBack(stack, machines.slice(0, 2));
  const byName = await giveBack(
    stack,
    machines.slice(2).map(({ name }) => ({ name })),
  );
  return { request, return: one, 'return-by-name': byName };
}

async function short(stack: Stack): Promise<Lived> {
  await stack.simulator.setPools([{ capacity: 2 }]);
  const partial = await requestMachines(stack, 3);
  const { machines } = await ended(stack, partial, 120_000);
  await giveBack(stack, machines);
  await stack.simulator.setPools([]);
  return { 'request-partial': partial };
}

async function grouped(stack: Stack): Promise<Lived> {
  const request = await requestMachines(stack, 3, 'group');
  const { machines } = await ended(stack, request);
  await giveBack(stack, machines);
  return { 'request-group': request };
}

async function cancelled(stack: Stack): Promise<Lived> {
  const request = await requestMachines(stack, 2);
  await ended(stack, request);
  await stack.temporal.workflow.getHandle(request).cancel();
  await stack.temporal.workflow.getHandle(request).result();
  return { 'request-cancelled': request };
}

async function adopted(stack: Stack): Promise<Lived> {
  const lost = await requestMachines(stack, 2);
  const { machines } = await ended(stack, lost);
  await stack.temporal.workflow.getHandle(lost).terminate('by hand');
  await giveBack(stack, machines);
  return { adopter: adopterId(lost) };
}

/** The monitor as it is then: it never ends. */
async function taken(stack: Stack): Promise<Lived> {
  const request = await requestMachines(stack, 2);
  const { machines } = await ended(stack, request);
  for (const { machineId } of machines) await stack.simulator.terminate(machineId);
  await eventually('both are named', async () => (await goingOf(stack, machines)).length === 2);
  await stack.temporal.workflow.getHandle(request).result();
  return { 'request-taken': request, monitor: monitorId(PROVIDER.deployment, PROVIDER.name) };
}

/** Every run of a workflow, the oldest first. */
async function runsOf(stack: Stack, workflowId: string): Promise<readonly object[]> {
  const histories: object[] = [];
  let runId: string | undefined = (await stack.temporal.workflow.getHandle(workflowId).describe()).runId;
  while (runId) {
    const history = await stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.unshift(JSON.parse(historyToJSON(history)) as object);
    runId =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return histories;
}

const LIVES = { whole, short, grouped, cancelled, adopted, taken };

async function record(folder: string, names: readonly string[], stack: Stack): Promise<number> {
  let files = 0;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [life, live] of Object.entries(LIVES)) {
    if (names.length > 0 && !names.includes(life)) continue;
    for (const [name, workflowId] of Object.entries(await live(stack))) {
      for (const [index, history] of (await runsOf(stack, workflowId)).entries()) {
        const text = `${JSON.stringify({ workflowId, history: scrub(history) })}\n`;
        assert.deepEqual(machineWordsIn(text, root), [], `${name} tells of this machine`);
        await writeFile(path.join(folder, `${name}.${index + 1}.json`), text);
        files += 1;
      }
    }
    process.stdout.write(`${life} is recorded\n`);
  }
  return files;
}

const [name, ...names] = process.argv.slice(2);
if (name === undefined || !/^[\w.-]+$/.test(name) || !names.every((one) => Object.hasOwn(LIVES, one))) {
  process.stdout.write(`${USAGE}\n`);
  process.exit(1);
}
// The shortest bound of a request, so that one that stays short is answered soon.
const stack = await startStack({ ...QUICK, deadlineSeconds: 30 }, [group]);
try {
  const files = await record(path.join(root, 'test', 'fixtures', 'histories', name), names, stack);
  process.stdout.write(`${files} histories in test/fixtures/histories/${name}\n`);
} finally {
  await stack.end();
}
process.exit(0);
