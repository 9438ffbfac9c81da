import { strict as assert } from 'node:assert';
import { setTimeout as delay } from 'node:timers/promises';
import { ended, requestMachines, returnMachines } from '../fixtures/stack/hostFactory.ts';
import type { Stack } from '../fixtures/stack/stack.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';

const COUNT = 3;
/** The shortest deadline that a request may have, s. */
export const DEADLINE_SECONDS = 30;
const PAUSE_MS = (DEADLINE_SECONDS + 10) * 1_000;

/**
 * The only worker hangs until the deadline of the requests is over, while machines boot, and again while a return waits
 * for it. An hour would be the same: what is decided is decided by the deadline and by a read of AWS after the pause.
 */
export async function pauseTheOnlyWorker(stack: Stack): Promise<void> {
  const gate = await stack.simulator.addGate('DescribeInstances', 'hold');
  const requests = await Promise.all(LAUNCH_METHODS.map(({ api }) => requestMachines(stack, COUNT, api)));
  await stack.simulator.whenArrived(gate.id, { timeoutMs: 60_000 });
  await pausing(stack, () => stack.simulator.clearGates());

  const owned = await Promise.all(requests.map(async (id) => (await ended(stack, id)).machines));
  const believed = owned.flat().filter(({ result }) => result === 'succeed');
  const ids = believed.map(({ machineId }) => machineId).toSorted();
  assert.deepEqual(
    (await stack.simulator.summary()).liveIds.toSorted(),
    ids,
    'what was not reported is given back',
  );

  const returnId = await pausing(stack, () => returnMachines(stack, believed));
  const { status, message } = await ended(stack, returnId);
  assert.equal(status, 'complete', message);
  assert.deepEqual((await stack.simulator.summary()).liveIds, []);
}

async function pausing<T>(stack: Stack, meanwhile: () => Promise<T>): Promise<T> {
  const worker = stack.pauseWorker();
  const result = await meanwhile();
  await delay(PAUSE_MS);
  worker.goOn();
  return result;
}
