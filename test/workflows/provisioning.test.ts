import { strict as assert } from 'node:assert';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { machineIdsOf, settled } from '../fixtures/temporal/settled.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

const MINUTE = 60_000;

describe('the provisioning of a request', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  it('a request is filled, owns its machines and ends when they are returned', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      const view = await settled(rig, request);
      assert.equal(view.status, 'complete');
      assert.deepEqual(
        unpackMachines(view.machines).map((machine) => machine.result),
        Array.from({ length: 5 }, () => 'succeed'),
      );
      const first = await rig.result(await rig.startReturn(machineIdsOf(view).slice(0, 2)));
      assert.equal(first.status, 'complete');
      assert.equal(rig.cloud.live().length, 3);
      const second = await rig.result(await rig.startReturn(machineIdsOf(view).slice(2)));
      assert.equal(second.status, 'complete');
      assert.deepEqual(rig.cloud.live(), []);
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete');
      assert.equal(end.total, 5);
    }));

  it('a request that is short of capacity settles by its deadline with the machines it has', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      const start = await rig.now();
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 600 });
      const view = await settled(rig, request);
      const took = (await rig.now()) - start;
      assert.equal(view.status, 'complete');
      assert.equal(view.total, 2);
      assert.match(view.message, /2 of 5 .*InsufficientInstanceCapacity/);
      assert.ok(took >= 10 * MINUTE && took < 12 * MINUTE, `settled after ${took} ms`);
      rig.cloud.capacity = 100;
      await rig.env.sleep('1 hour');
      assert.equal(rig.cloud.live().length, 2, 'nothing arrives after the request was settled');
      await rig.result(await rig.startReturn(machineIdsOf(view)));
      await rig.result(request);
    }));

  it('a request launches the missing machines when capacity returns before the deadline', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 3_600 });
      await rig.env.sleep('2 minutes');
      assert.equal((await rig.status(request)).status, 'running');
      rig.cloud.capacity = 100;
      const view = await settled(rig, request);
      assert.equal(view.total, 5);
      assert.equal(
        new Set(rig.cloud.launched).size,
        rig.cloud.launched.length,
        'each launch has its own token',
      );
      await rig.result(await rig.startReturn(machineIdsOf(view)));
      await rig.result(request);
    }));

  it('machines that do not boot by the deadline fail and are terminated', () =>
    rig.withWorkers(async () => {
      rig.cloud.stuck = true;
      const request = await rig.startRequest({ count: 3, deadlineSeconds: 600 });
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete_with_error');
      assert.deepEqual(
        unpackMachines(end.machines).map(({ result, state }) => [result, state]),
        Array.from({ length: 3 }, () => ['fail', 'terminated']),
      );
      assert.match(end.message, /not running by the deadline/);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('machines that exceed the boot timeout fail long before the deadline', () =>
    rig.withWorkers(async () => {
      rig.cloud.stuckOfEach = 1;
      const start = await rig.now();
      const request = await rig.startRequest({ count: 3, deadlineSeconds: 3_600, bootTimeoutSeconds: 180 });
      const view = await settled(rig, request);
      const took = (await rig.now()) - start;
      assert.ok(took >= 3 * MINUTE && took < 5 * MINUTE, `settled after ${took} ms`);
      assert.equal(view.status, 'complete');
      assert.match(view.message, /2 of 3 .*not running within 180 seconds/);
      await rig.env.sleep('10s');
      assert.equal(rig.cloud.live().length, 2);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('the boot timeout fails no machine while AWS cannot be read', () =>
    rig.withWorkers(async () => {
      rig.cloud.blind = true;
      const request = await rig.startRequest({ count: 2, deadlineSeconds: 7_200, bootTimeoutSeconds: 180 });
      await rig.env.sleep('30 minutes');
      assert.equal((await rig.status(request)).status, 'running');
      rig.cloud.blind = false;
      const view = await settled(rig, request);
      assert.deepEqual([view.status, view.message], ['complete', '']);
      assert.equal(rig.cloud.live().length, 2);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('a machine that never boots neither delays launches nor fails other machines', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      rig.cloud.stuckOfEach = 1;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 900 });
      await rig.env.sleep('5s');
      rig.cloud.capacity = 100;
      rig.cloud.stuckOfEach = 0;
      await rig.env.sleep('2 minutes');
      assert.equal((await rig.status(request)).total, 5, 'the rest is launched while one hangs');
      const view = await settled(rig, request);
      const results = unpackMachines(view.machines).map(({ result }) => result);
      assert.deepEqual(results.toSorted(), ['fail', 'succeed', 'succeed', 'succeed', 'succeed']);
      await rig.env.sleep('10s');
      assert.equal(rig.cloud.live().length, 4);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('a request launches nothing when its deadline passed without a worker', () =>
    rig.withWorkers(async () => {
      const anHourAgo = (await rig.now()) - 60 * MINUTE;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 900, createdAt: anHourAgo });
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /0 of 5/);
      assert.deepEqual(rig.cloud.launched, []);
    }));

  it('a request whose launch AWS rejects ends with the reason', () =>
    rig.withWorkers(async () => {
      rig.cloud.reject = 'InvalidAMIID.NotFound';
      const end: StatusView = await rig.result(await rig.startRequest());
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /InvalidAMIID\.NotFound/);
    }));

  it('a preparation is retried until AWS accepts it, and then the request launches once', () =>
    rig.withWorkers(async () => {
      let failures = 4;
      rig.cloud.onPrepare = async () => {
        if (failures-- > 0) throw new Error('The cloud is busy.');
      };
      const view = await settled(rig, await rig.startRequest({ count: 3 }));
      assert.equal(view.status, 'complete', view.message);
      assert.deepEqual([rig.cloud.launched.length, rig.cloud.live().length], [1, 3]);
    }));

  it('a request that is cancelled while it cannot be prepared launches nothing', () =>
    rig.withWorkers(async () => {
      const tried: string[] = [];
      rig.cloud.onPrepare = async () => {
        tried.push('to prepare');
        if (tried.length < 4) throw new Error('The cloud is busy.');
        await request.cancel();
      };
      const request = await rig.startRequest({ count: 3 });
      const end: StatusView = await rig.result(request);
      assert.match(end.message, /cancelled/);
      assert.deepEqual(rig.cloud.launched, []);
    }));

  it('a request that cannot be prepared before its deadline ends with the reason', () =>
    rig.withWorkers(async () => {
      rig.cloud.onPrepare = () => Promise.reject(new Error('The cloud is busy.'));
      const end: StatusView = await rig.result(await rig.startRequest({ deadlineSeconds: 600 }));
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /The cloud is busy/);
      assert.deepEqual(rig.cloud.launched, []);
    }));

  it('a request settles without an overdue launch, and later releases the machines of that launch', () =>
    rig.withWorkers(async () => {
      rig.cloud.launchesInTheDark = 2;
      const request = await rig.startRequest({ count: 3, deadlineSeconds: 600 });
      const view = await settled(rig, request);
      assert.equal(view.status, 'complete_with_error');
      const end = await rig.result(request);
      assert.equal(end.total, 3);
      assert.deepEqual(
        unpackMachines(end.machines).map((machine) => machine.result),
        ['fail', 'fail', 'fail'],
      );
      assert.deepEqual(rig.cloud.live(), []);
    }));
});
