import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import {
  ended,
  giveAllBack,
  requestMachines,
  returnMachines,
  statusOf,
} from '../fixtures/stack/hostFactory.ts';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

describe('outages and operator actions', () => {
  let stack: Stack;
  let launchedBefore: number;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());
  beforeEach(async () => {
    launchedBefore = (await stack.simulator.summary()).launchedEver;
  });

  it('without a worker a request is accepted, runs, and completes once there is one', async () => {
    assert.equal(await stack.stopWorker(), 0, 'a graceful stop');
    const requestId = await requestMachines(stack, 3);
    assert.equal((await statusOf(stack, requestId)).status, 'running');
    await stack.startWorker();
    const { status, machines } = await ended(stack, requestId);
    assert.deepEqual([status, machines.length], ['complete', 3]);
    await giveAllBack(stack, machines);
  });

  it('without Temporal a request is refused within 10 s and launches nothing later; templates are listed', async () => {
    await stack.stopTemporal();
    const refused = await stack.hf('requestMachines', { template: { templateId: 'demo', machineCount: 3 } });
    assert.equal(refused.code, 1, refused.output);
    assert.match(String(refused.json['message']), /Temporal/);
    assert.ok(refused.took < 10_000, `${refused.took} ms`);
    const status = await stack.hf('getRequestStatus', { requests: [{ requestId: 'req-1' }] });
    assert.equal(status.code, 1, 'never an answer that closes a request');
    assert.equal((await stack.hf('getAvailableTemplates', {})).code, 0);

    await stack.startTemporal();
    // A request made afterwards passes through the same worker and queue: one made before would be seen by then.
    const { machines } = await ended(stack, await requestMachines(stack, 2));
    assert.equal((await stack.simulator.summary()).launchedEver - launchedBefore, 2);
    await giveAllBack(stack, machines);
  });

  it('an owner that is cancelled releases its machines and ends', async () => {
    const requestId = await requestMachines(stack, 3);
    await ended(stack, requestId);
    const handle = stack.temporal.workflow.getHandle(requestId);
    await handle.cancel();
    await handle.result();
    assert.deepEqual((await stack.simulator.summary()).liveIds, []);
  });

  it('the adopter returns machines of a terminated owner', async () => {
    const requestId = await requestMachines(stack, 3);
    const { machines } = await ended(stack, requestId);
    await stack.temporal.workflow.getHandle(requestId).terminate('by hand');
    assert.equal((await stack.simulator.summary()).live, 3);
    await giveAllBack(stack, machines);
    await stack.temporal.workflow.getHandle(adopterId(requestId)).result();
  });

  it('a return during a launch leaves no machine behind', async () => {
    const gate = await stack.simulator.addGate('CreateFleet', 'holdAfter');
    const requestId = await requestMachines(stack, 3);
    await stack.simulator.whenArrived(gate.id, { timeoutMs: 60_000 });
    const { liveIds } = await stack.simulator.summary();
    const returnId = await returnMachines(
      stack,
      liveIds.map((machineId) => ({ machineId })),
    );
    const back = await ended(stack, returnId);
    assert.equal(back.status, 'complete', back.message);
    await stack.simulator.release(gate.id);
    assert.notEqual((await ended(stack, requestId)).status, 'running');
    await stack.temporal.workflow.getHandle(requestId).result();
    const { live, launchedEver } = await stack.simulator.summary();
    assert.deepEqual([live, launchedEver - launchedBefore], [0, 3]);
  });

  it('a return leaves a foreign machine alone and terminates the others', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 2));
    const unknown = { machineId: 'not-an-id', name: 'nowhere' };
    const end = await ended(stack, await returnMachines(stack, [...machines, unknown]));
    assert.equal(end.status, 'complete_with_error');
    assert.deepEqual(
      end.machines.map((machine) => machine.result),
      ['succeed', 'succeed', 'fail'],
    );
    await eventually('all are gone', async () => (await stack.simulator.summary()).live === 0);
  });

  it('a machine that is returned by its name alone is terminated, however long it shuts down', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 2));
    const end = await ended(
      stack,
      await returnMachines(
        stack,
        machines.map(({ name }) => ({ name })),
      ),
    );
    assert.equal(end.status, 'complete', end.message);
    assert.equal((await stack.simulator.summary()).live, 0);
  });

  it('only the machine whose id has the wrong length fails', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 1));
    const end = await ended(stack, await returnMachines(stack, [...machines, { machineId: 'i-0123456789' }]));
    assert.deepEqual(
      end.machines.map((machine) => machine.result),
      ['succeed', 'fail'],
    );
  });

  it('a worker that cannot start reports what is wrong and what to do', async () => {
    const namespace = await stack.failToStartWorker({ TEMPORAL_NAMESPACE: 'nowhere' });
    assert.equal(namespace.code, 1);
    assert.match(namespace.output, /no namespace 'nowhere'.*ohf temporal setup --worker --check/);
    const aws = await stack.failToStartWorker({ OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' });
    assert.equal(aws.code, 1);
    assert.match(aws.output, /EC2 at http:\/\/127\.0\.0\.1:1 could not be read.*provider\.aws\.endpoint/);
    await stack.simulator.deny(['DescribeInstances']);
    const refused = await stack.failToStartWorker({});
    await stack.simulator.deny([]);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /ec2:DescribeInstances.*UnauthorizedOperation.*ohf iam-policy/);
  });

  it('invalid input is refused with one document that has a message, and starts nothing', async () => {
    const before = await stack.temporal.workflow.count();
    const counts = [0, -1, 1.5, 'abc', null, undefined];
    const inputs = [
      ...counts.map((machineCount) => ({ template: { templateId: 'demo', machineCount } })),
      { template: { templateId: 'unknown', machineCount: 1 } },
      {},
      [],
    ];
    for (const input of inputs) {
      const answer = await stack.hf('requestMachines', input);
      assert.equal(answer.code, 1, JSON.stringify(input));
      assert.equal(typeof answer.json['message'], 'string', answer.output);
    }
    for (const args of [[], ['-f', '/nowhere'], ['-d', ''], ['-d', '{"template":']]) {
      const answer = await stack.hfArguments('requestMachines', args);
      assert.equal(answer.code, 1, args.join(' '));
      assert.equal(typeof answer.json['message'], 'string', answer.output);
    }
    assert.deepEqual(await stack.temporal.workflow.count(), before);
    assert.equal((await stack.simulator.summary()).launchedEver, launchedBefore);
  });

  it('a request waits for machines that AWS shows late', async () => {
    await stack.simulator.setSettings({ consistencyLagMs: 2_000 });
    const { status, machines } = await ended(stack, await requestMachines(stack, 3));
    await stack.simulator.setSettings({ consistencyLagMs: 0 });
    assert.deepEqual([status, machines.length], ['complete', 3]);
    await giveAllBack(stack, machines);
  });
});
