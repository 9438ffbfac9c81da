import { strict as assert } from 'node:assert';
import { monitorId } from '../../contract/ids.ts';
import { eventually } from '../fixtures/eventually.ts';
import {
  ended,
  giveAllBack,
  goingOf,
  requestMachines,
  returnMachines,
} from '../fixtures/stack/hostFactory.ts';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

describe('lost machines', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());

  it('Host Factory gets lost machines by its own names, and their owner ends', async () => {
    const requestId = await requestMachines(stack, 2);
    const { machines } = await ended(stack, requestId);
    const asked = machines.map(({ machineId, name }, index) => ({
      machineId,
      name: index === 0 ? name : 'Alias',
    }));
    assert.deepEqual(await goingOf(stack, asked), []);
    const { output } = await stack.ohf('health');
    assert.match(output, /^monitor +failed +Host Factory has other host names .* 'Alias' for i-/m);
    for (const { machineId } of machines) await stack.simulator.terminate(machineId);
    const expected = asked.map(({ machineId, name }) => ({ gracePeriod: 0, machine: name, machineId }));
    await eventually('both are named', async () => (await goingOf(stack, asked)).length === 2);
    assert.deepEqual(await goingOf(stack, asked), expected);
    await stack.temporal.workflow.getHandle(requestId).result();
    assert.deepEqual(await goingOf(stack, asked), expected, 'as long as Host Factory asks');

    assert.equal(await stack.stopWorker(), 0);
    assert.deepEqual(await goingOf(stack, asked), expected, 'without a worker too');
    await stack.startWorker();
    const back = await ended(stack, await returnMachines(stack, machines));
    assert.equal(back.status, 'complete', back.message);
  });

  it('machines that Host Factory returns are not reported as lost', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 3));
    const [first, ...rest] = machines;
    assert.ok(first);
    await giveBackAndAsk([first]);
    await giveBackAndAsk(rest);

    async function giveBackAndAsk(given: typeof machines): Promise<void> {
      const returnId = await returnMachines(stack, given);
      await eventually('the return is over', async () => {
        assert.deepEqual(await goingOf(stack, machines), []);
        return (await ended(stack, returnId)).status === 'complete';
      });
    }
    // A sweep that finds a loss has seen all before it.
    const other = await ended(stack, await requestMachines(stack, 1));
    for (const { machineId } of other.machines) await stack.simulator.terminate(machineId);
    await eventually(
      'the next loss is named',
      async () => (await goingOf(stack, other.machines)).length === 1,
    );
    assert.deepEqual(await goingOf(stack, machines), []);
  });

  it('no machine is reported as lost while AWS cannot be read', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 2));
    const gate = await stack.simulator.addGate('DescribeInstances', 'dropBefore', null);
    for (const { machineId } of machines) await stack.simulator.terminate(machineId);
    await stack.simulator.whenArrived(gate.id, { calls: 3, timeoutMs: 60_000 });
    assert.deepEqual(await goingOf(stack, machines), []);
    await stack.simulator.release(gate.id);
    await eventually('both are named', async () => (await goingOf(stack, machines)).length === 2);
  });

  it('an adopter finds the machines of a terminated owner', async () => {
    const requestId = await requestMachines(stack, 2);
    const { machines } = await ended(stack, requestId);
    await stack.temporal.workflow.getHandle(requestId).terminate('by hand');
    const adopter = stack.temporal.workflow.getHandle(adopterId(requestId));
    await eventually('the adopter has both', async () => {
      const standings = await adopter.query<string[], [string[]]>(
        'ownershipStatus',
        machines.map(({ machineId }) => machineId),
      );
      return standings.every((standing) => standing === 'acknowledged');
    }).catch(async (error: unknown) => {
      const { output } = await stack.ohf('health');
      throw new Error(`no adopter; what the monitor says:\n${output}`, { cause: error });
    });
    await giveAllBack(stack, machines);
    await adopter.result();
  });

  it('a terminated monitor is restarted soon and watches the machines again', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 1));
    const id = monitorId('e2e', 'awsinst');
    await stack.temporal.workflow.getHandle(id).terminate('by hand');
    assert.deepEqual(await goingOf(stack, machines), []);
    assert.equal((await stack.temporal.workflow.getHandle(id).describe()).status.name, 'RUNNING');
    await giveAllBack(stack, machines);
  });
});
