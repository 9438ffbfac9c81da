import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import { ended, giveAllBack, requestMachines } from '../fixtures/stack/hostFactory.ts';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';

describe('the health of a worker', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());

  const get = async (page: string): Promise<{ status: number; text: string }> => {
    const response = await fetch(`${stack.health}${page}`);
    return { status: response.status, text: await response.text() };
  };
  const failedChecks = async (): Promise<string[] | undefined> => {
    const { status, text } = await get('/readyz');
    const { ready, checks } = JSON.parse(text) as {
      ready: boolean;
      checks: { check: string; ok: boolean }[];
    };
    const failed = checks.filter(({ ok }) => !ok).map(({ check }) => check);
    assert.deepEqual([status, ready], failed.length === 0 ? [200, true] : [503, false]);
    return failed;
  };
  const untilFailed = (...expected: string[]): Promise<unknown> =>
    eventually(`the checks that fail are: ${expected.join(', ')}`, async () => {
      assert.deepEqual(await failedChecks(), expected);
      return true;
    });
  const metric = async (line: RegExp): Promise<number> => {
    const { text } = await get('/metrics');
    const found = text.split('\n').find((each) => line.test(each));
    return Number(found?.split(' ').at(-1) ?? 0);
  };

  it('the metrics count what a request did', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 3));
    assert.equal(
      await metric(/^ohf_aws_request_duration_seconds_count.*action="CreateFleet",outcome="ok"/),
      1,
    );
    assert.equal(
      await metric(/^ohf_activity_duration_seconds_count.*activity="awaitReady",outcome="completed"/),
      1,
    );
    await eventually('what workers of workflows run is counted too', () =>
      metric(/^ohf_activity_duration_seconds_count.*activity="publishEvents",outcome="completed"/),
    );
    await eventually(
      'the sweep shows 3 machines',
      async () => (await metric(/^ohf_machines.*"running"/)) === 3,
    );
    assert.ok(await metric(/^ohf_sweep_last_success_timestamp_seconds/));
    await giveAllBack(stack, machines);
    assert.equal(await metric(/^ohf_machines_awaited.*"awaitTerminated"/), 0);
  });

  it('ohf health shows the storage, the handlers, and the results of calls', async () => {
    const { host } = new URL(stack.health);
    const { code, output } = await stack.ohf('health', '--worker', host);
    assert.equal(code, 0, output);
    assert.match(output, /^worker: storage +ok +\/.*\/e2e\.awsinst$/m);
    assert.match(output, /^worker: eventHandlers +ok +readModel[^,]*, audit/m);
    assert.match(output, /^operation: requestMachines +\d+ +100\.0 % +\d+\.\d\d s$/m);
    assert.match(output, /^AWS: CreateFleet +1 +100\.0 % +\d+\.\d\d s$/m);
    assert.match(output, /^activity: awaitReady +\d+ +100\.0 % /m);
    const gone = await stack.ohf('health', '--worker', '127.0.0.1:1');
    assert.equal(gone.code, 1);
    assert.match(gone.output, /^worker +failed +no worker answers at 127\.0\.0\.1:1: /m);
  });

  it('the health is bad while AWS does not answer, and good afterwards', async () => {
    await untilFailed();
    const gate = await stack.simulator.addGate('DescribeInstances', 'hold', null);
    await untilFailed('provider');
    assert.equal((await get('/healthz')).status, 200);
    assert.equal(await metric(/^ohf_ready.*"provider"/), 0);
    await stack.simulator.release(gate.id);
    await untilFailed();
  });

  it('the health is bad while AWS refuses the worker, and names the error code', async () => {
    await stack.simulator.deny(['DescribeInstances']);
    await untilFailed('provider');
    assert.ok(await metric(/^ohf_aws_errors_total.*"DescribeInstances",code="UnauthorizedOperation"/));
    await stack.simulator.deny([]);
    await untilFailed();
  });

  it('the health is bad while Temporal is down, and good afterwards', async () => {
    await stack.stopTemporal();
    await untilFailed('temporal');
    await stack.startTemporal();
    await untilFailed();
  });

  it('a worker that waits for Temporal serves its health', async () => {
    await stack.stopWorker();
    await stack.stopTemporal();
    const starting = stack.startWorker();
    await untilFailed('started');
    assert.equal((await get('/healthz')).status, 200);
    await stack.startTemporal();
    await starting;
    await untilFailed();
  });

  it('a second worker with the same health address fails and names that address', async () => {
    const { code, output } = await stack.failToStartWorker({
      OHF_METRICS_LISTEN: new URL(stack.health).host,
    });
    assert.equal(code, 1);
    assert.match(output, /The worker cannot listen on metrics\.listen \(127\.0\.0\.1:\d+\): .*EADDRINUSE/);
  });
});
