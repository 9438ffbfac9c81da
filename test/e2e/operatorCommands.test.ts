import { strict as assert } from 'node:assert';
import { readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import path from 'node:path';
import { taskQueues } from '../../contract/taskQueues.ts';
import { eventually } from '../fixtures/eventually.ts';
import { ended, requestMachines, statusOf } from '../fixtures/stack/hostFactory.ts';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import { MACHINE_REQUEST } from '../../contract/machineRequest.ts';

interface Listed {
  readonly requests: readonly { readonly id: string; readonly state: string }[];
}

describe('operator commands', () => {
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

  it('ohf health reports success while a worker runs', async () => {
    const { code, output } = await stack.ohf('health');
    assert.equal(code, 0, output);
    assert.match(output, /^temporal +ok +127\.0\.0\.1:\d+$/m);
    assert.match(
      output,
      /^task queue: terminate +ok +1 on ohf-e2e-awsinst\.terminate, last poll \d+ s ago$/m,
    );
  });

  it('an operator watches a request, lists its machines, returns some and cancels it', async () => {
    const launch = await stack.simulator.addGate('CreateFleet', 'hold');
    const id = await requestMachines(stack, 3);
    const watch = stack.startOhf('request', id, '--watch');
    await eventually('the watch shows a running request', () => watch.output().includes(`${id}: running`));
    await stack.simulator.release(launch.id);
    const watched = await watch.ended;
    assert.equal(watched.code, 0, watched.output);
    assert.match(watched.output, new RegExp(`${id}: complete, 3 of 3 machines up`));

    await eventually('it is listed as holding', async () => {
      const { requests } = await json<{ requests: { id: string }[] }>('requests', '--state', 'settled');
      return requests.some((row) => row.id === id);
    });
    const held = async () => (await json<{ machines: { machineId: string }[] }>('machines')).machines;
    const [first] = await held();
    assert.equal((await held()).length, 3);

    const { requestId: returnId } = await json<{ requestId: string }>('return', first?.machineId ?? '');
    assert.equal((await ended(stack, returnId)).status, 'complete');
    assert.equal((await held()).length, 2);

    assert.equal((await stack.ohf('cancel', id)).code, 0);
    const log = await readFile(path.join(stack.logs, `awsinst-provider.${hostname()}.log`), 'utf8');
    const ordered = log.split('\n').filter((line) => line.includes('"operation":"cancel"'));
    assert.deepEqual([ordered.length, ordered[0]?.includes(id)], [1, true], log);
    await eventually('all is given back', async () => (await stack.simulator.summary()).live === 0);
    await eventually(
      'no list has it any more',
      async () => (await stack.ohf('requests')).output === 'none\n',
    );
    const { requests } = await json<{ requests: { id: string; state: string }[] }>('requests', '--all');
    assert.ok(requests.some((row) => row.id === id && row.state === 'completed'));
    assert.equal((await statusOf(stack, id)).status, 'complete', 'the status that Host Factory read stays');
  });

  it('a request whose answer cannot be delivered is cancelled', async () => {
    const known = new Set((await json<Listed>('requests', '--all')).requests.map(({ id }) => id));
    const input = path.join(stack.logs, 'undeliverable.json');
    await writeFile(input, JSON.stringify({ template: { templateId: 'demo', machineCount: 2 } }));
    const script = path.join(stack.scripts, 'requestMachines.sh');
    const child = spawn('/bin/sh', ['-c', `exec '${script}' -f '${input}' >/dev/full`], {
      cwd: '/',
      env: stack.hfEnvironment,
    });
    assert.deepEqual(await once(child, 'exit'), [1, null]);
    await eventually('the request is listed as cancelled', async () => {
      const { requests } = await json<Listed>('requests', '--all');
      return requests.some(({ id, state }) => !known.has(id) && state !== 'provisioning');
    });
    await eventually('no machine is left', async () => (await stack.simulator.summary()).live === 0);
  });

  it("the worker's host shows past events, also after the read model was damaged", async () => {
    const onWorker = async <T>(...args: readonly string[]): Promise<T> => {
      const { code, output } = await stack.ohfOnWorker(...args, '--json');
      assert.equal(code, 0, output);
      return JSON.parse(output.slice(output.indexOf('{'))) as T;
    };
    const id = await requestMachines(stack, 2);
    const [machine] = (await ended(stack, id)).machines;
    const lists = async () => [
      await onWorker('requests', '--all', '--stored'),
      await onWorker('request', id, '--stored'),
      await onWorker('events', '--request', id),
    ];
    const isSettled = async (): Promise<boolean> =>
      (await onWorker<{ request: { phase: string } }>('request', id, '--stored')).request.phase === 'settled';
    await eventually('it is settled in the read model', isSettled);
    const before = await lists();
    const { events } = await onWorker<{ events: { what: string; who: string }[] }>('events', '--request', id);
    assert.deepEqual([events[0]?.what, events[0]?.who], ['RequestCreated', 'Host Factory']);
    const { output } = await stack.ohfOnWorker('events', '--machine', machine?.machineId ?? '');
    assert.match(
      output,
      /^TIME +WHO +EVENT +REQUEST +DETAIL\n.*MachineCreated.*\n.*MachineStatusChanged.*\n$/,
    );

    await stack.stopWorker();
    const store = path.join(stack.storage, 'read-model', 'store.jsonl');
    await writeFile(store, (await readFile(store, 'latin1')).replaceAll('req-', 'qer-'));
    await stack.startWorker();
    assert.equal((await stack.ohfOnWorker('requests', '--all', '--stored')).output, 'none\n');
    const rebuilt = await stack.ohfOnWorker('rebuild-read-model');
    assert.equal(rebuilt.code, 0, rebuilt.output);
    assert.match(rebuilt.output, /rebuilt: \d+ requests with \d+ machines; \d+ stored events redelivered\n/);
    assert.deepEqual(await lists(), before);
  });

  it('an invalid or unknown id is refused', async () => {
    const wrong = await stack.ohf('request', 'req-1');
    assert.deepEqual(
      [wrong.code, /<id> is "req-1"; allowed: the id of a request/.test(wrong.output)],
      [1, true],
    );
    const unknown = await stack.ohf('cancel', 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab');
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /There is no open request or return 'req-01989c9e/);
  });

  it('ohf cancel leaves the request of another provider alone', async () => {
    const workflowId = 'req-01989c9e-7a0b-7c3d-9e4f-00000000000a';
    const taskQueue = taskQueues('e2e', 'another').workflows;
    const theirs = await stack.temporal.workflow.start(MACHINE_REQUEST, { workflowId, taskQueue });
    const { code, output } = await stack.ohf('cancel', workflowId);
    assert.deepEqual([code, /There is no open request or return 'req-01989c9e/.test(output)], [1, true]);
    const { events } = await theirs.fetchHistory();
    assert.ok(!events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes));
    await theirs.terminate();
  });
});
