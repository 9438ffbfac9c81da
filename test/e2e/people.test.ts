import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import { ended, requestMachines, statusOf } from './hostFactory.ts';
import { startStack, type Stack } from './stack.ts';

describe('the commands for people', function () {
  this.timeout(120_000);
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());

  const json = async <T>(...args: readonly string[]): Promise<T> => {
    const { code, output } = await stack.ohf(...args, '--json');
    assert.equal(code, 0, output);
    return JSON.parse(output) as T;
  };

  it('health is well with a worker', async () => {
    const { code, output } = await stack.ohf('health');
    assert.equal(code, 0, output);
    assert.match(output, /^temporal +ok +127\.0\.0\.1:\d+$/m);
    assert.match(output, /^worker: terminate +ok +1 on ohf-e2e-awsinst\.terminate, last seen \d+ s ago$/m);
  });

  it('a request is watched, listed with its machines, given back in part and cancelled', async () => {
    const id = await requestMachines(stack, 3);
    const watched = await stack.ohf('request', id, '--watch');
    assert.equal(watched.code, 0, watched.output);
    assert.match(watched.output, new RegExp(`${id}: running`));
    assert.match(watched.output, new RegExp(`${id}: complete, 3 of 3 machines up`));

    await eventually('it is listed as holding', async () => {
      const { requests } = await json<{ requests: { id: string }[] }>('requests', '--state', 'holding');
      return requests.some((row) => row.id === id);
    });
    const held = async () => (await json<{ machines: { machineId: string }[] }>('machines')).machines;
    const [first] = await held();
    assert.equal((await held()).length, 3);

    const { requestId: returnId } = await json<{ requestId: string }>('return', first?.machineId ?? '');
    assert.equal((await ended(stack, returnId)).status, 'complete');
    assert.equal((await held()).length, 2);

    assert.equal((await stack.ohf('cancel', id)).code, 0);
    await eventually('all is given back', async () => (await stack.simulator.summary()).live === 0);
    await eventually(
      'no list has it any more',
      async () => (await stack.ohf('requests')).output === 'none\n',
    );
    const { requests } = await json<{ requests: { id: string; state: string }[] }>('requests', '--all');
    assert.ok(requests.some((row) => row.id === id && row.state === 'completed'));
    assert.equal((await statusOf(stack, id)).status, 'complete', 'what Host Factory was told stays');
  });

  it('refuses what is no id, and an id that nobody knows', async () => {
    const wrong = await stack.ohf('request', 'req-1');
    assert.deepEqual([wrong.code, /'req-1' is not the id of a request/.test(wrong.output)], [1, true]);
    const unknown = await stack.ohf('cancel', 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab');
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /There is no open request or return 'req-01989c9e/);
  });
});
