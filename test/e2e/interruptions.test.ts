import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import { ended, goingOf, requestMachines, returnMachines } from '../fixtures/stack/hostFactory.ts';
import { runScript, startStack, type HfOperation, type Stack } from '../fixtures/stack/stack.ts';

/** No sweep comes while a test lasts, so that what is known is what AWS announced. */
const SELDOM = {
  bootSeconds: 0.5,
  endSeconds: 0.5,
  pollSeconds: { min: 0.25, max: 0.5 },
  consistencySeconds: 1,
  sweepSeconds: 3_600,
  deadlineSeconds: 900,
};
const SPOT = {
  templateId: 'spot',
  maxNumber: 10,
  priceType: 'spot',
  attributes: { type: 'X86_64', ncpus: 1, nram: 1024 },
  imageId: 'ami-00000000000000001',
  subnetId: 'subnet-0000000000000000a',
  vmTypes: { 'm5.large': 1 },
  hostName: 'short',
};

describe('a worker that receives interruption notices', () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack(SELDOM, [SPOT], { hearsAws: true });
  });
  after(() => stack.end());

  const detailOfHearing = async (): Promise<string> => {
    const page = await fetch(`${stack.health}/readyz`);
    const { ready, checks } = (await page.json()) as {
      ready: boolean;
      checks: { check: string; detail: string }[];
    };
    assert.equal(ready, true, JSON.stringify(checks));
    return checks.find(({ check }) => check === 'interruptionListener')?.detail ?? '';
  };

  it('Host Factory gets an interrupted host within seconds, by its own name, with the remaining time', async () => {
    const { machines } = await ended(stack, await requestMachines(stack, 2, 'spot'));
    const [first, second] = machines;
    assert.ok(first && second);
    assert.match(first.name, /^ip-10-0-0-\d+$/, 'the template says how its machines are named');
    const asked = [{ ...first, name: first.name.toUpperCase() }, second];
    await eventually('the monitor has read AWS', async () => {
      const answer = await stack.hf('getReturnRequests', { machines: asked });
      return answer.json['message'] === 'Instances marked for termination retrieved successfully.';
    });
    await stack.simulator.interrupt(first.machineId, 60);
    const began = Date.now();
    const reported = await eventually('it is reported', async () => {
      const going = await goingOf(stack, asked);
      return going.length > 0 ? going : undefined;
    });
    assert.ok(Date.now() - began < 10_000);
    assert.deepEqual(reported, [
      {
        gracePeriod: reported[0]?.gracePeriod,
        machine: first.name.toUpperCase(),
        machineId: first.machineId,
      },
    ]);
    const grace = reported[0]?.gracePeriod ?? 0;
    assert.ok(grace > 100 && grace <= 120, String(grace));
    await eventually('its time runs', async () => {
      const [now] = await goingOf(stack, asked);
      assert.ok(now);
      return now.gracePeriod < grace;
    });
    const back = await ended(
      stack,
      await returnMachines(stack, [{ name: first.name.toUpperCase() }, second]),
    );
    assert.equal(back.status, 'complete', back.message);
  });

  it('a worker that cannot receive interruption notices reports that and continues to work', async () => {
    assert.match(await detailOfHearing(), /^readable; \d+ messages waiting$/);
    const { machines } = await ended(stack, await requestMachines(stack, 1));
    const gate = await stack.simulator.addGate('ReceiveMessage', 'errorBefore', null);
    // A message ends the call that waits; the next one fails.
    await stack.simulator.rebalance(machines[0]?.machineId ?? '');
    await eventually('it is reported', async () =>
      (await detailOfHearing()).startsWith('the queue cannot be read'),
    );
    assert.equal((await ended(stack, await returnMachines(stack, machines))).status, 'complete');
    await stack.simulator.release(gate.id);
    await eventually('it hears again', async () => (await detailOfHearing()).startsWith('readable'));
  });

  it('a request keeps the host naming that was configured when it was made', async () => {
    const call = (operation: HfOperation, input: object) =>
      runScript(operation, ['--data', JSON.stringify(input)], {
        ...stack.hfEnvironment,
        OHF_PROVIDER_AWS_HOST_NAME: 'ip',
      });
    const answer = await call('requestMachines', { template: { templateId: 'demo', machineCount: 1 } });
    const { machines } = await ended(stack, String(answer.json['requestId']));
    assert.deepEqual(
      machines.map(({ name }) => name),
      machines.map(({ privateIpAddress }) => privateIpAddress),
    );
    const [{ name } = { name: '' }] = machines;
    assert.equal((await ended(stack, await returnMachines(stack, [{ name }]))).status, 'complete');
    assert.deepEqual((await stack.simulator.summary()).liveIds, []);
  });
});
