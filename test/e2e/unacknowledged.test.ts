import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import { ended, giveAllBack, goingOf, requestMachines } from '../fixtures/stack/hostFactory.ts';
import { QUICK, startStack, type Stack } from '../fixtures/stack/stack.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

describe('unacknowledged machines', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack({ ...QUICK, unacknowledged: { maxMissedLists: 2, minAgeSeconds: 3 } });
  });
  after(() => stack.end());
  const liveIds = async (): Promise<string[]> => (await stack.simulator.summary()).liveIds.toSorted();
  const ohf = async (...args: string[]): Promise<string> => {
    const { code, output } = await stack.ohf(...args);
    assert.equal(code, 0, output);
    return output;
  };

  it('machines are released when Host Factory was killed before it read the id of their request', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 2));
    const known = machines.map(({ machineId }) => machineId).toSorted();
    // As if its answer had never been read: nobody asks for its status.
    const lost = await requestMachines(stack, 3);
    await eventually('all are up', async () => (await liveIds()).length === 5);
    await eventually('the machines nobody knows are given back', async () => {
      assert.deepEqual(await goingOf(stack, machines), []);
      return (await liveIds()).length === 2;
    });
    assert.deepEqual(await liveIds(), known);
    const { status }: StatusView = await stack.temporal.workflow.getHandle(lost).result();
    assert.equal(status, 'complete_with_error');
    assert.equal(await ohf('machines', '--unlisted'), 'none\n');
    await giveAllBack(stack, machines);
  });

  it("`ohf adopt` creates owners after the loss of Temporal's database, and their machines can be returned", async () => {
    const requestId = await requestMachines(stack, 2);
    const { machines } = await ended(stack, requestId);
    assert.equal(await stack.stopWorker(), 0);
    await stack.loseTemporal();
    await stack.startWorker();
    const shown = await eventually('the loss is noticed', async () => {
      const output = await ohf('adopt');
      return output.includes(requestId) ? output : undefined;
    });
    assert.match(shown, /2\s+nothing was changed/);
    const { code, output } = await stack.ohf('health');
    assert.equal(code, 1, output);
    assert.match(output, /no owner of any.*'ohf adopt'/);
    assert.deepEqual(JSON.parse(await ohf('adopt', requestId, '--yes', '--json')), {
      adopted: true,
      requests: [{ requestId, machines: 2 }],
    });
    await eventually('it has an owner', async () => (await ohf('requests')).includes(`own-${requestId}`));
    await eventually('nothing is wrong any more', async () => (await stack.ohf('health')).code === 0);
    assert.match(await ohf('adopt'), /every machine has an owner/);
    await giveAllBack(stack, machines);
  });
});
