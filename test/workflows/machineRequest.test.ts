import { strict as assert } from 'node:assert';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import {
  acknowledgeSignal,
  machinesObservedSignal,
  returnMachinesSignal,
  ownershipStatusQuery,
} from '../../contract/machineRequest.ts';

const MINUTE = 60_000;

describe('machineRequest', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  /** Skips time until the request is settled. */
  async function settledUnread(handle: Handle): Promise<StatusView> {
    for (;;) {
      const view = await rig.status(handle);
      if (view.status !== 'running') return view;
      await rig.env.sleep('5s');
    }
  }
  /** The same, and reads it as Host Factory does, which then holds its machines. */
  async function settled(handle: Handle): Promise<StatusView> {
    const view = await settledUnread(handle);
    const machineIds = ids(view);
    // One without machines may be closed by now.
    await handle.signal(acknowledgeSignal, { v: 1, machineIds }).catch(() => undefined);
    await rig.whenIdle(handle);
    return view;
  }
  const ids = (view: StatusView): string[] =>
    unpackMachines(view.machines).map((machine) => machine.machineId);

  it('fills a request, owns its machines and ends when they are given back', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      const view = await settled(request);
      assert.equal(view.status, 'complete');
      assert.deepEqual(
        unpackMachines(view.machines).map((machine) => machine.result),
        Array.from({ length: 5 }, () => 'succeed'),
      );
      const first = await rig.result(await rig.startReturn(ids(view).slice(0, 2)));
      assert.equal(first.status, 'complete');
      assert.equal(rig.cloud.live().length, 3);
      const second = await rig.result(await rig.startReturn(ids(view).slice(2)));
      assert.equal(second.status, 'complete');
      assert.deepEqual(rig.cloud.live(), []);
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete');
      assert.equal(end.total, 5);
    }));

  it('costs no event while it is idle, and gives back after 90 days', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 50 });
      const view = await settled(request);
      const before = await rig.historyLengths(request.workflowId);
      await rig.env.sleep('90 days');
      assert.deepEqual(await rig.historyLengths(request.workflowId), before);
      await rig.result(await rig.startReturn(ids(view)));
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('settles by the deadline with what it has when capacity is short', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      const start = await rig.now();
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 600 });
      const view = await settled(request);
      const took = (await rig.now()) - start;
      assert.equal(view.status, 'complete');
      assert.equal(view.total, 2);
      assert.match(view.message, /2 of 5 .*InsufficientInstanceCapacity/);
      assert.ok(took >= 10 * MINUTE && took < 12 * MINUTE, `settled after ${took} ms`);
      rig.cloud.capacity = 100;
      await rig.env.sleep('1 hour');
      assert.equal(rig.cloud.live().length, 2, 'nothing arrives after the request was settled');
      await rig.result(await rig.startReturn(ids(view)));
      await rig.result(request);
    }));

  it('fills the rest by a new launch when capacity comes back before the deadline', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 3_600 });
      await rig.env.sleep('2 minutes');
      assert.equal((await rig.status(request)).status, 'running');
      rig.cloud.capacity = 100;
      const view = await settled(request);
      assert.equal(view.total, 5);
      assert.equal(
        new Set(rig.cloud.launched).size,
        rig.cloud.launched.length,
        'each launch has its own token',
      );
      await rig.result(await rig.startReturn(ids(view)));
      await rig.result(request);
    }));

  it('gives up machines that do not boot by the deadline', () =>
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

  it('gives up machines that take longer to boot than they may, long before the deadline', () =>
    rig.withWorkers(async () => {
      rig.cloud.stuckOfEach = 1;
      const start = await rig.now();
      const request = await rig.startRequest({ count: 3, deadlineSeconds: 3_600, bootTimeoutSeconds: 180 });
      const view = await settled(request);
      const took = (await rig.now()) - start;
      assert.ok(took >= 3 * MINUTE && took < 5 * MINUTE, `settled after ${took} ms`);
      assert.equal(view.status, 'complete');
      assert.match(view.message, /2 of 3 .*not running within 180 seconds/);
      await rig.env.sleep('10s');
      assert.equal(rig.cloud.live().length, 2);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('gives up none for its time to boot while AWS cannot be read', () =>
    rig.withWorkers(async () => {
      rig.cloud.blind = true;
      const request = await rig.startRequest({ count: 2, deadlineSeconds: 7_200, bootTimeoutSeconds: 180 });
      await rig.env.sleep('30 minutes');
      assert.equal((await rig.status(request)).status, 'running');
      rig.cloud.blind = false;
      const view = await settled(request);
      assert.deepEqual([view.status, view.message], ['complete', '']);
      assert.equal(rig.cloud.live().length, 2);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('a machine that never boots neither holds up launches nor takes others with it', () =>
    rig.withWorkers(async () => {
      rig.cloud.capacity = 2;
      rig.cloud.stuckOfEach = 1;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 900 });
      await rig.env.sleep('5s');
      rig.cloud.capacity = 100;
      rig.cloud.stuckOfEach = 0;
      await rig.env.sleep('2 minutes');
      assert.equal((await rig.status(request)).total, 5, 'the rest is launched while one hangs');
      const view = await settled(request);
      const results = unpackMachines(view.machines).map(({ result }) => result);
      assert.deepEqual(results.toSorted(), ['fail', 'succeed', 'succeed', 'succeed', 'succeed']);
      await rig.env.sleep('10s');
      assert.equal(rig.cloud.live().length, 4);
      await rig.result(await rig.startReturn(rig.cloud.live()));
      await rig.result(request);
    }));

  it('survives that AWS refuses to terminate 3,000 machines, with a long message for each', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3_000 });
      const view = await settledUnread(request);
      for (const id of rig.cloud.live()) rig.cloud.protectedIds.add(id);
      const back = await rig.result(await rig.startReturn(ids(view)));
      assert.deepEqual([back.status, back.total], ['complete_with_error', 3_000]);
      rig.cloud.protectedIds.clear();
      await rig.env.sleep('6 minutes');
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('launches nothing when the deadline passed while no worker was there', () =>
    rig.withWorkers(async () => {
      const anHourAgo = (await rig.now()) - 60 * MINUTE;
      const request = await rig.startRequest({ count: 5, deadlineSeconds: 900, createdAt: anHourAgo });
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /0 of 5/);
      assert.deepEqual(rig.cloud.launched, []);
    }));

  it('ends with the reason when AWS rejects the launch for good', () =>
    rig.withWorkers(async () => {
      rig.cloud.reject = 'InvalidAMIID.NotFound';
      const end: StatusView = await rig.result(await rig.startRequest());
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /InvalidAMIID\.NotFound/);
    }));

  it('is prepared again and again while the cloud cannot, and then launches once', () =>
    rig.withWorkers(async () => {
      let failures = 4;
      rig.cloud.onPrepare = async () => {
        if (failures-- > 0) throw new Error('The cloud is busy.');
      };
      const view = await settled(await rig.startRequest({ count: 3 }));
      assert.equal(view.status, 'complete', view.message);
      assert.deepEqual([rig.cloud.launched.length, rig.cloud.live().length], [1, 3]);
    }));

  it('launches nothing when it is cancelled while it cannot be prepared', () =>
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

  it('ends with the reason when it cannot be prepared until the deadline', () =>
    rig.withWorkers(async () => {
      rig.cloud.onPrepare = () => Promise.reject(new Error('The cloud is busy.'));
      const end: StatusView = await rig.result(await rig.startRequest({ deadlineSeconds: 600 }));
      assert.equal(end.status, 'complete_with_error');
      assert.match(end.message, /The cloud is busy/);
      assert.deepEqual(rig.cloud.launched, []);
    }));

  it('gives everything back and ends when it is cancelled', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      await settled(request);
      await request.cancel();
      const end: StatusView = await rig.result(request);
      assert.equal(end.total, 5);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('is found among the cancelled at once, though it takes long to give back', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      const [kept = ''] = ids(await settled(request));
      rig.cloud.protectedIds.add(kept);
      await request.cancel();
      await rig.env.sleep('1 minute');
      const { status, searchAttributes } = await request.describe();
      assert.deepEqual([status.name, searchAttributes['HfState']], ['RUNNING', ['cancelled']]);
      rig.cloud.protectedIds.clear();
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('gives back what a launch brings after the cancel', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      rig.cloud.onAcquire = async () => void (await request.cancel());
      const end: StatusView = await rig.result(request);
      assert.match(end.message, /cancelled/);
      assert.equal(rig.cloud.machines.size, 5);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('leaves nothing behind when machines are returned while the create is under way', () =>
    rig.withWorkers(async () => {
      rig.cloud.stuck = true;
      rig.cloud.capacity = 5;
      const request = await rig.startRequest({ count: 8, deadlineSeconds: 3_600 });
      await rig.env.sleep('1 minute');
      assert.equal(rig.cloud.live().length, 5);
      const back = await rig.startReturn(rig.cloud.live());
      assert.equal((await rig.result(back)).status, 'complete');
      const end: StatusView = await rig.result(request);
      assert.equal(end.status, 'complete_with_error');
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('answers a return of a protected machine, keeps it and goes on trying', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      const view = await settled(request);
      const [one = ''] = ids(view);
      rig.cloud.protectedIds.add(one);
      const back = await rig.result(await rig.startReturn(ids(view)));
      assert.equal(back.status, 'complete_with_error');
      assert.deepEqual(rig.cloud.live(), [one]);
      rig.cloud.protectedIds.clear();
      await rig.env.sleep('6 minutes');
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('answers without a launch that cannot be looked up, and gives back what it brought', () =>
    rig.withWorkers(async () => {
      rig.cloud.launchesInTheDark = 2;
      const request = await rig.startRequest({ count: 3, deadlineSeconds: 600 });
      const view = await settled(request);
      assert.equal(view.status, 'complete_with_error');
      const end = await rig.result(request);
      assert.equal(end.total, 3);
      assert.deepEqual(
        unpackMachines(end.machines).map((machine) => machine.result),
        ['fail', 'fail', 'fail'],
      );
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('ends when all its machines were terminated behind its back', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      const [first = '', second = ''] = ids(await settledUnread(request));
      const end = (machineId: string) => ({ ...rig.cloud.see(machineId), state: 'terminated' as const });
      await request.signal(machinesObservedSignal, {
        v: 1,
        observations: [end(first), end('i-of-somebody-else')],
      });
      assert.deepEqual(await request.query(ownershipStatusQuery, [first, second, 'i-of-somebody-else']), [
        'released',
        'unacknowledged',
        'unknown',
      ]);
      await request.signal(machinesObservedSignal, { v: 1, observations: [end(second)] });
      assert.deepEqual(ids(await rig.result(request)), [first, second]);
    }));

  it('returns 1,200 machines in one call', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 1_200 });
      const view = await settled(request);
      assert.equal(view.total, 1_200);
      const back = await rig.result(await rig.startReturn(ids(view)));
      assert.equal(back.status, 'complete');
      assert.deepEqual(rig.cloud.live(), []);
      await rig.result(request);
    }));

  it('takes 300 machines back one by one within the limits of a history', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 300 });
      const view = await settled(request);
      for (const id of ids(view)) {
        const gone = rig.cloud.whenTerminated(id);
        const seen = rig.cloud.see(id);
        await request.signal(returnMachinesSignal, { returnId: `ret-of-${id}`, machines: [seen] });
        await Promise.all([gone, rig.env.sleep('2s')]);
      }
      const end = await rig.result(request);
      assert.equal(end.total, 300);
      assert.deepEqual(rig.cloud.live(), []);
      const lengths = await rig.historyLengths(request.workflowId);
      assert.ok(lengths.length > 2, 'the owner continued as new');
      const told = rig.cloud.published.map(({ sequence }) => sequence);
      assert.deepEqual(
        [...new Set(told)],
        Array.from(told, (_, index) => index + 1),
      );
      assert.ok(Math.max(...lengths) < 10_000, `longest run: ${Math.max(...lengths)} events`);
    }));
});
