import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { eventually } from '../fixtures/eventually.ts';
import { assertWithinPolicy } from '../fixtures/cloud/withinPolicy.ts';
import { ended, requestMachines, returnMachines, statusOf } from '../fixtures/stack/hostFactory.ts';
import { startStack, type Stack } from '../fixtures/stack/stack.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

describe("a round trip through Host Factory's scripts", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(() => stack.end());

  it('Host Factory lists templates, requests five machines, and returns two and then three', async () => {
    const templates = await stack.hf('getAvailableTemplates', {});
    assert.equal(templates.code, 0, templates.output);
    assert.deepEqual(
      (templates.json['templates'] as { templateId: string }[]).map(({ templateId }) => templateId),
      ['demo'],
    );

    const before = Math.floor(Date.now() / 1_000);
    const requestId = await requestMachines(stack, 5);
    assert.equal((await statusOf(stack, requestId)).status, 'running');
    const { status, machines, message } = await ended(stack, requestId);
    assert.equal(status, 'complete', message);
    assert.equal(machines.length, 5);
    for (const machine of machines) {
      assert.equal(machine.result, 'succeed');
      assert.match(machine.machineId, /^i-[0-9a-f]{17}$/);
      assert.match(machine.name, /^ip-10-\d+-\d+-\d+\.ec2\.internal$/);
      assert.match(machine.privateIpAddress, /^10\.\d+\.\d+\.\d+$/);
      assert.ok(Number.isInteger(machine.launchtime) && machine.launchtime >= before - 1, 'epoch seconds');
    }
    const { summary } = stack.simulator;
    assert.deepEqual(
      (await summary()).liveIds.toSorted(),
      machines.map((machine) => machine.machineId).toSorted(),
    );

    const first = await ended(stack, await returnMachines(stack, machines.slice(0, 2)));
    assert.equal(first.status, 'complete', first.message);
    assert.deepEqual(
      first.machines.map((machine) => machine.result),
      ['succeed', 'succeed'],
    );
    assert.equal((await summary()).live, 3);

    const second = await returnMachines(stack, machines.slice(2));
    assert.equal((await ended(stack, second)).status, 'complete');
    assert.equal((await summary()).live, 0);
    assert.equal((await summary()).launchedEver, 5);

    const request: StatusView = await stack.temporal.workflow.getHandle(requestId).result();
    assert.deepEqual([request.status, request.total], ['complete', 5]);
    const back: StatusView = await stack.temporal.workflow.getHandle(second).result();
    assert.deepEqual([back.status, back.total], ['complete', 3]);
    assert.equal((await statusOf(stack, requestId)).status, 'complete', 'a closed request still answers');
    const none = await stack.hf('getReturnRequests', { machines: [] });
    assert.deepEqual([none.code, none.json['requests']], [0, []]);
  });

  it('a round trip calls nothing in AWS that the printed policy does not allow', async () => {
    assert.ok('TerminateInstances' in (await stack.simulator.summary()).calls);
    await assertWithinPolicy(stack.simulator, 'EC2Fleet');
  });

  it('the logs connect the calls of Host Factory with those to AWS', async () => {
    const requestId = await requestMachines(stack, 1);
    const { machines } = await ended(stack, requestId);
    const returnId = await returnMachines(stack, machines);
    await ended(stack, returnId);

    const calls = await linesOf(stack, `awsinst-provider.${hostname()}.log`);
    const callOf = (id: string) => calls.find(({ requestId: about }) => about === id)?.['callId'];
    const [asked, back] = [callOf(requestId), callOf(returnId)];
    assert.ok(asked && back && asked !== back);
    assert.match(String(calls.find(({ callId }) => callId === asked)?.['input']), /hf in /);

    const work = await linesOf(stack, `awsinst-worker.${hostname()}.log`);
    const alarms = work.filter(({ level, sdkComponent }) => level === 'warn' && sdkComponent === 'worker');
    assert.deepEqual(alarms, [], 'a worker that is well warns of nothing');
    const lineOf = (message: string, id: string) =>
      work.find((line) => line['message'] === message && line['requestId'] === id) ?? assert.fail(message);
    const launch = lineOf('AWS CreateFleet', requestId);
    assert.equal(launch['callId'], asked);
    assert.match(String(launch['awsRequestId']), /^[0-9a-f-]{36}$/);
    assert.equal(launch['clientToken'], lineOf('LaunchDecided', requestId)['token']);
    assert.equal(lineOf('RequestCreated', requestId)['callId'], asked);
    assert.equal(lineOf('RequestStatusChanged', requestId)['status'], 'complete');
    const returned = lineOf('ReturnRequested', requestId);
    assert.deepEqual([returned['callId'], returned['returnId']], [back, returnId]);
    const ids = machines.map(({ machineId }) => machineId);
    assert.deepEqual(lineOf('AWS TerminateInstances', requestId)['machineIds'], ids);

    await eventually('the audit log names both calls', async () => {
      const audit = await linesOf(stack, path.join('storage', 'e2e.awsinst', 'audit.log'));
      const calledBy = (what: string) =>
        audit.find((line) => line['what'] === what && line['requestId'] === requestId)?.['callId'];
      return calledBy('RequestCreated') === asked && calledBy('ReturnRequested') === back;
    });
  });

  it('status polls cause no call to AWS', async () => {
    const requestId = await requestMachines(stack, 3);
    const { machines } = await ended(stack, requestId);
    const calls = async () => (await stack.simulator.summary()).calls;
    const before = await calls();
    await Promise.all(Array.from({ length: 10 }, () => statusOf(stack, requestId)));
    // The monitor looks by its own clock, which may strike in between: less often than once for each poll.
    const more = Object.entries(await calls()).filter(
      ([action, count]) => count - (before[action] ?? 0) >= (action.startsWith('Describe') ? 10 : 1),
    );
    assert.deepEqual(more, []);
    await ended(stack, await returnMachines(stack, machines));
  });

  it('the lifecycle of 50 machines takes at most 70 history events, and their return 30', async () => {
    const requestId = await requestMachines(stack, 50);
    const { machines } = await ended(stack, requestId);
    const returnId = await returnMachines(stack, machines);
    assert.equal((await ended(stack, returnId)).status, 'complete');
    await stack.temporal.workflow.getHandle(requestId).result();
    const events = await eventsOf(stack, requestId);
    const returnEvents = await eventsOf(stack, returnId);
    // 60 on a quiet machine: a status read that comes to a workflow task under way may add three.
    assert.ok(events <= 70, `${events} of the owner`);
    assert.ok(returnEvents <= 30, `${returnEvents} of the return`);
  });

  it('the list of workflows shows the kind and the state of each', async () => {
    const requestId = await requestMachines(stack, 2);
    const { machines } = await ended(stack, requestId);
    const handle = stack.temporal.workflow.getHandle(requestId);
    const attributes = async () => {
      const all = (await handle.describe()).typedSearchAttributes.getAll();
      const own = all.filter(({ key }) => key.name.startsWith('Hf'));
      return Object.fromEntries(own.map(({ key, value }) => [key.name, value]));
    };
    const memo = async (): Promise<object> => (await handle.describe()).memo?.['hf'] ?? {};
    await eventually(
      'it goes on without its machines in its memo',
      async () => !('machines' in (await memo())),
    );
    assert.deepEqual(await attributes(), {
      HfCount: 2,
      HfProvider: 'awsinst',
      HfRequestType: 'create',
      HfState: 'settled',
      HfTemplate: 'demo',
    });
    assert.deepEqual(await memo(), { v: 1, status: 'complete', message: '' });
    const metadata: { currentDetails?: string } = await handle.query('__temporal_workflow_metadata');
    assert.match(metadata.currentDetails ?? '', /2 x demo for awsinst[\s\S]*\| ready \| 2 \|/);
    const returnId = await returnMachines(stack, machines);
    await ended(stack, returnId);
    const back = await stack.temporal.workflow.getHandle(returnId).describe();
    assert.match((await back.staticSummary()) ?? '', /return of 2 to awsinst/);
  });
});

/** Events of all runs of a workflow. */
async function eventsOf(stack: Stack, workflowId: string): Promise<number> {
  let events = 0;
  let runId: string | undefined = (await stack.temporal.workflow.getHandle(workflowId).describe()).runId;
  while (runId) {
    const history = await stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    events += history.events?.length ?? 0;
    runId =
      history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return events;
}

async function linesOf({ logs }: Stack, name: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(path.join(logs, name), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
