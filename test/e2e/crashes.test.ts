import { strict as assert } from 'node:assert';
import { ended, giveAllBack, requestMachines, returnMachines, statusOf } from './hostFactory.ts';
import { startStack, type Stack } from './stack.ts';

/** The simulator's log is the judge: what it launched and what it terminated, not what our books say. */
describe('a worker killed in the middle', function () {
  this.timeout(180_000);
  let stack: Stack;
  let launchedBefore: number;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());
  beforeEach(async () => {
    launchedBefore = (await stack.simulator.summary()).launchedEver;
  });

  async function killAt(action: string, mode: 'hold' | 'holdAfter', meanwhile: () => Promise<string>) {
    const gate = await stack.simulator.addGate(action, mode);
    const id = await meanwhile();
    await stack.simulator.whenArrived(gate.id, { timeoutMs: 60_000 });
    await stack.killWorker();
    await stack.simulator.clearGates();
    assert.equal((await statusOf(stack, id)).status, 'running', 'without a worker nothing is called done');
    await stack.startWorker();
    return id;
  }

  async function launchesExactly(count: number, requestId: string) {
    const { status, machines, message } = await ended(stack, requestId, 90_000);
    assert.equal(status, 'complete', message);
    const { launchedEver, liveIds } = await stack.simulator.summary();
    assert.equal(launchedEver - launchedBefore, count, 'launched in all');
    assert.deepEqual(liveIds.toSorted(), machines.map((machine) => machine.machineId).toSorted());
    return machines;
  }

  it('before the launch call had an effect launches once', async () => {
    const id = await killAt('CreateFleet', 'hold', () => requestMachines(stack, 5));
    await giveAllBack(stack, await launchesExactly(5, id));
  });

  it('after AWS launched and before the answer came launches nothing twice', async () => {
    const id = await killAt('CreateFleet', 'holdAfter', () => requestMachines(stack, 5));
    await giveAllBack(stack, await launchesExactly(5, id));
  });

  it('while machines boot goes on waiting for the same machines', async () => {
    const id = await killAt('DescribeInstances', 'hold', () => requestMachines(stack, 5));
    await giveAllBack(stack, await launchesExactly(5, id));
  });

  for (const [mode, when] of [
    ['hold', 'before AWS terminates'],
    ['holdAfter', 'after AWS terminated and before the answer came'],
  ] as const) {
    it(`in a return, ${when}, ends exactly the returned machines`, async () => {
      const machines = await launchesExactly(5, await requestMachines(stack, 5));
      const [kept] = machines;
      assert.ok(kept);
      const id = await killAt('TerminateInstances', mode, () => returnMachines(stack, machines.slice(1)));
      assert.equal((await ended(stack, id, 90_000)).status, 'complete');
      assert.deepEqual((await stack.simulator.summary()).liveIds, [kept.machineId]);
      await giveAllBack(stack, [kept]);
      assert.equal((await stack.simulator.summary()).launchedEver - launchedBefore, 5);
    });
  }
});
