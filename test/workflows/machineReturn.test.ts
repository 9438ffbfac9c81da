import { strict as assert } from 'node:assert';
import { v7 as uuidV7 } from 'uuid';
import { requestIdFrom } from '../../contract/ids.ts';
import { anObservation } from '../fixtures/builders.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

const MINUTE = 60_000;

describe('machineReturn', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  it('a return decides a machine that AWS does not know after two reads 20 minutes apart', () =>
    rig.withWorkers(async () => {
      const start = await rig.now();
      const back = await rig.startReturn(['i-0123456789abcdef0']);
      await rig.env.sleep('19 minutes');
      assert.equal((await rig.status(back)).status, 'running');
      assert.equal((await rig.result(back)).status, 'complete');
      const took = (await rig.now()) - start;
      assert.ok(took >= 20 * MINUTE && took < 30 * MINUTE, `${took} ms`);
    }));

  it('a return of no machines is complete at once', () =>
    rig.withWorkers(async () => {
      const view = await rig.result(await rig.startReturn([]));
      assert.deepEqual([view.status, view.message], ['complete', 'No Active VM.']);
    }));

  it('a return is delivered again when a signal was lost', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      await rig.env.sleep('1 minute');
      rig.cloud.signalsToLose = 2;
      const view = await rig.result(await rig.startReturn(rig.cloud.live()));
      assert.equal(view.status, 'complete');
      assert.deepEqual(rig.cloud.live(), []);
      await rig.result(request);
    }));

  it('a return is delivered to the owner once, however long the machines take to terminate', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      await rig.env.sleep('1 minute');
      rig.cloud.endsSlowly = true;
      const back = await rig.startReturn(rig.cloud.live());
      await rig.env.sleep('8 minutes');
      assert.equal((await rig.status(back)).status, 'running');
      rig.cloud.endsSlowly = false;
      assert.equal((await rig.result(back)).status, 'complete');
      await rig.result(request);
      const { events } = await request.fetchHistory();
      const signals = (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes);
      assert.equal(signals.length, 1);
    }));

  it('a return terminates the machines itself when an open owner is silent for ten minutes', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 2 });
      await rig.env.sleep('1 minute');
      rig.cloud.signalsToLose = Number.POSITIVE_INFINITY;
      const start = await rig.now();
      const back = await rig.startReturn(rig.cloud.live());
      await rig.env.sleep('9 minutes');
      assert.equal(rig.cloud.live().length, 2, 'the owner has its time');
      assert.equal((await rig.result(back)).status, 'complete');
      assert.ok((await rig.now()) - start < 13 * MINUTE);
      assert.deepEqual(rig.cloud.live(), []);
      await request.cancel();
      await rig.result(request);
    }));

  it('a return that is requested twice is answered twice and terminates once', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      await rig.env.sleep('1 minute');
      const [one = '', ...rest] = rig.cloud.live();
      const [first, second] = [await rig.startReturn([one]), await rig.startReturn([one])];
      assert.deepEqual(
        [(await rig.result(first)).status, (await rig.result(second)).status],
        ['complete', 'complete'],
      );
      assert.deepEqual(rig.cloud.live(), rest);
      await rig.result(await rig.startReturn(rest));
      await rig.result(request);
    }));

  it('a return of machines without an owner is handled by an adopter, which then ends', () =>
    rig.withWorkers(async () => {
      const machine = anObservation('i-0123456789abcdef0');
      const lost = requestIdFrom(uuidV7());
      rig.cloud.machines.set(machine.machineId, { ...machine, owner: adopterId(lost) });
      const adopter = await rig.startAdopter(lost, { returnId: 'ret-unknown', machines: [machine] });
      assert.equal((await rig.result(adopter)).total, 1);
      assert.deepEqual(rig.cloud.live(), []);
    }));
});
