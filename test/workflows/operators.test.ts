import { strict as assert } from 'node:assert';
import { SIGNAL, type ReturnMachines } from '../../domain/shared/messages.ts';
import { aSighting } from '../fixtures/builders.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/workflowRig.ts';

describe("an owner in operators' hands", () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  it('that is cancelled while it gives a machine back ends with all of them, and answers the return', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      await rig.env.sleep('1 minute');
      rig.cloud.endsSlowly = true;
      const back = await rig.startReturn(rig.cloud.live().slice(0, 1));
      await rig.env.sleep('1 minute');
      await request.cancel();
      await rig.env.sleep('1 minute');
      rig.cloud.endsSlowly = false;
      assert.equal((await rig.result(back)).status, 'complete');
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('takes the same signal many times as one return', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      await rig.env.sleep('1 minute');
      const [one = '', ...rest] = rig.cloud.live();
      const signal: ReturnMachines = { returnId: 'ret-by-hand', machines: [aSighting(one)] };
      for (let time = 0; time < 3; time++) {
        await request.signal(SIGNAL.returnMachines, signal);
        await request.signal(SIGNAL.returnMachines, signal);
        await rig.env.sleep('1 minute');
        assert.deepEqual(rig.cloud.live(), rest);
      }
      assert.equal(rig.cloud.launched.length, 1);
      assert.equal((await rig.status(request)).status, 'complete');
      await rig.result(await rig.startReturn(rest));
      await rig.result(request);
    }));
});
