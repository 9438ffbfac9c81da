import { strict as assert } from 'node:assert';
import { ended, requestMachines, returnMachines, type HfMachine } from '../fixtures/stack/hostFactory.ts';
import type { Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';

const COUNT = 3;
const PATIENCE_MS = 120_000;

/**
 * Temporal loses its database while machines of every way to get them live. The tags on the machines are enough: an
 * operator has owners made again, and Host Factory gives its machines back, one of each request and then the others.
 */
export async function loseTheDatabase(stack: Stack): Promise<void> {
  const requests = await Promise.all(LAUNCH_METHODS.map(({ api }) => requestMachines(stack, COUNT, api)));
  const owned = await Promise.all(requests.map(async (id) => (await complete(stack, id)).machines));
  await stack.killWorker();
  await stack.loseTemporal();
  await stack.startWorker();

  await eventually('all are known to have no owner', async () => {
    const { requests: shown } = await adopt(stack);
    return shown.length === LAUNCH_METHODS.length;
  });
  assert.equal((await adopt(stack, '--yes')).adopted, true);
  await eventually(
    'all have owners again',
    async () => (await adopt(stack)).requests.length === 0,
    PATIENCE_MS,
  );
  await assertLive(stack, owned.flat());

  const rest = owned.flatMap((machines) => machines.slice(1));
  await complete(
    stack,
    await returnMachines(
      stack,
      owned.flatMap((machines) => machines.slice(0, 1)),
    ),
  );
  await assertLive(stack, rest);
  await complete(stack, await returnMachines(stack, rest));
  await assertLive(stack, []);
  // An adopter looks a minute later whether a group that it froze had launched more.
  await eventually(
    'no group is left that could launch',
    async () => {
      const groups = (await stack.simulator.groups()).filter(({ state }) => state === 'active');
      return groups.every(({ deleted }) => deleted);
    },
    PATIENCE_MS,
  );
}

async function adopt(stack: Stack, ...flags: readonly string[]) {
  const { code, output } = await stack.ohf('adopt', '--json', ...flags);
  assert.equal(code, 0, output);
  return JSON.parse(output) as { readonly adopted: boolean; readonly requests: readonly object[] };
}

async function complete(stack: Stack, requestId: string) {
  const status = await ended(stack, requestId, PATIENCE_MS);
  assert.equal(status.status, 'complete', status.message);
  return status;
}

async function assertLive(stack: Stack, machines: readonly HfMachine[]): Promise<void> {
  const ids = machines.map(({ machineId }) => machineId).toSorted();
  assert.deepEqual((await stack.simulator.summary()).liveIds.toSorted(), ids);
}
