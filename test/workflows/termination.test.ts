import { strict as assert } from 'node:assert';
import { machineIdsOf, settled, settledUnread } from '../fixtures/temporal/settled.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import {
  machinesObservedSignal,
  returnMachinesSignal,
  ownershipStatusQuery,
} from '../../contract/machineRequest.ts';

describe('the release of machines', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  it('an idle request adds no event to its history, and releases its machines after 90 days', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 50 });
      const view = await settled(rig, request);
      const before = await rig.historyLengths(request.workflowId);
      await rig.env.sleep('90 days');
      assert.deepEqual(await rig.historyLengths(request.workflowId), before);
      await rig.result(await rig.startReturn(machineIdsOf(view)));
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a request survives when AWS refuses to terminate 3,000 machines, with a long message for each', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3_000 });
      const view = await settledUnread(rig, request);
      for (const id of rig.cloud.live()) rig.cloud.protectedIds.add(id);
      const back = await rig.result(await rig.startReturn(machineIdsOf(view)));
      assert.deepEqual([back.status, back.total], ['complete_with_error', 3_000]);
      rig.cloud.protectedIds.clear();
      await rig.env.sleep('6 minutes');
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a machine that is still up after its termination is terminated again', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      const [tooNew = ''] = machineIdsOf(await settled(rig, request));
      rig.cloud.unreachedByTermination = [tooNew];
      await request.cancel();
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a cancelled request releases all machines and ends', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      await settled(rig, request);
      await request.cancel();
      const end: StatusView = await rig.result(request);
      assert.equal(end.total, 5);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a cancelled request has the state cancelled at once, although its release takes long', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      const [kept = ''] = machineIdsOf(await settled(rig, request));
      rig.cloud.protectedIds.add(kept);
      await request.cancel();
      await rig.env.sleep('1 minute');
      const { status, searchAttributes } = await request.describe();
      assert.deepEqual([status.name, searchAttributes['HfState']], ['RUNNING', ['cancelled']]);
      rig.cloud.protectedIds.clear();
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('machines of a launch that completes after the cancel are released', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 5 });
      rig.cloud.onAcquire = async () => void (await request.cancel());
      const end: StatusView = await rig.result(request);
      assert.match(end.message, /cancelled/);
      assert.equal(rig.cloud.machines.size, 5);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a return during the launch leaves no machine behind', () =>
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

  it('a return of a protected machine is answered, and the owner keeps the machine and retries', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      const view = await settled(rig, request);
      const [one = ''] = machineIdsOf(view);
      rig.cloud.protectedIds.add(one);
      const back = await rig.result(await rig.startReturn(machineIdsOf(view)));
      assert.equal(back.status, 'complete_with_error');
      assert.deepEqual(rig.cloud.live(), [one]);
      rig.cloud.protectedIds.clear();
      await rig.env.sleep('6 minutes');
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a request ends when all its machines were terminated by someone else', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      const [first = '', second = ''] = machineIdsOf(await settledUnread(rig, request));
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
      assert.deepEqual(machineIdsOf(await rig.result(request)), [first, second]);
    }));

  it('one return takes 1,200 machines', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 1_200 });
      const view = await settled(rig, request);
      assert.equal(view.total, 1_200);
      const back = await rig.result(await rig.startReturn(machineIdsOf(view)));
      assert.equal(back.status, 'complete');
      assert.deepEqual(rig.cloud.live(), []);
      await rig.result(request);
    }));

  it('300 returns of one machine each stay within the limits of a history', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 300 });
      const view = await settled(rig, request);
      for (const id of machineIdsOf(view)) {
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
      const sequences = rig.cloud.published.map(({ sequence }) => sequence);
      assert.deepEqual(
        [...new Set(sequences)],
        Array.from(sequences, (_, index) => index + 1),
      );
      assert.ok(Math.max(...lengths) < 10_000, `longest run: ${Math.max(...lengths)} events`);
    }));
});
