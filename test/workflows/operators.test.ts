import { strict as assert } from 'node:assert';
import { v7 as uuidV7 } from 'uuid';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { requestIdFrom as requestIdOf } from '../../contract/ids.ts';
import { anObservation } from '../fixtures/builders.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import { returnMachinesSignal, acknowledgeSignal } from '../../contract/machineRequest.ts';

const HOUR = 60 * 60_000;

describe('operator actions on a request owner', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  it('an owner that is cancelled while it releases a machine releases all, and answers the return', () =>
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

  describe('a reset to before the launch', () => {
    let requestId = '';
    beforeEach(() => {
      rig.cloud.afterReset = true;
      requestId = requestIdOf(uuidV7());
    });
    /** What a run before launched, and this one knows nothing of. */
    const launched = (machineIds: readonly string[]): void => {
      for (const id of machineIds) rig.cloud.machines.set(id, { ...anObservation(id), owner: requestId });
    };
    /** Host Factory's words to the run before, which Temporal repeats to this one at once. */
    const claimed = (request: Handle, machineIds: readonly string[]): Promise<void> =>
      request.signal(acknowledgeSignal, { v: 1, machineIds });
    async function holdsAndGivesBack(request: Handle, machineIds: readonly string[]): Promise<void> {
      let view = await rig.status(request);
      while (view.status === 'running') {
        await rig.env.sleep('5s');
        view = await rig.status(request);
      }
      assert.equal(view.status, 'complete', view.message);
      const machines = unpackMachines(view.machines);
      assert.deepEqual(
        machines.map(({ machineId, result }) => [machineId, result]),
        machineIds.map((id) => [id, 'succeed']),
      );
      assert.equal(view.unacknowledged, undefined, 'Host Factory has read them');
      await rig.env.sleep('30 minutes');
      assert.deepEqual(rig.cloud.live(), machineIds);
      await rig.result(await rig.startReturn(machineIds));
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }

    it('a run after a reset past the deadline owns the machines that the earlier run launched', () =>
      rig.withWorkers(async () => {
        launched(['i-0', 'i-1', 'i-2']);
        const createdAt = (await rig.now()) - HOUR;
        const request = await rig.startRequest({ requestId, count: 3, createdAt, deadlineSeconds: 900 });
        await claimed(request, ['i-0', 'i-1', 'i-2']);
        await holdsAndGivesBack(request, ['i-0', 'i-1', 'i-2']);
        assert.deepEqual(rig.cloud.launched, []);
      }));

    it("a run after a reset owns the earlier run's machines when AWS now rejects the launch", () =>
      rig.withWorkers(async () => {
        rig.cloud.reject = 'InvalidAMIID.NotFound';
        launched(['i-0', 'i-1']);
        const request = await rig.startRequest({ requestId, count: 3 });
        await claimed(request, ['i-0', 'i-1']);
        await holdsAndGivesBack(request, ['i-0', 'i-1']);
      }));

    it("a run after a reset launches only what is missing beside the earlier run's machines", () =>
      rig.withWorkers(async () => {
        launched(['i-0', 'i-1']);
        const request = await rig.startRequest({ requestId, count: 5 });
        await claimed(request, ['i-0', 'i-1']);
        await rig.env.sleep('1 minute');
        assert.equal((await rig.status(request)).status, 'complete');
        assert.deepEqual([rig.cloud.live().length, rig.cloud.launched.length], [5, 1]);
        await rig.result(await rig.startReturn(rig.cloud.live()));
        await rig.result(request);
      }));

    it('a run after a reset launches only what is missing when its launches share a preparation', () =>
      rig.withWorkers(async () => {
        const ids = Array.from({ length: 100 }, (_, index) => `i-${index}`);
        launched(ids);
        const request = await rig.startRequest({ requestId, count: 700 });
        await claimed(request, ids);
        await rig.env.sleep('1 minute');
        assert.equal((await rig.status(request)).status, 'complete');
        assert.equal(rig.cloud.live().length, 700);
        await rig.result(await rig.startReturn(rig.cloud.live()));
        await rig.result(request);
      }));

    it('a run after a reset freezes the discovered group before it launches what is missing', () =>
      rig.withWorkers(async () => {
        const token = 'launch-of-reset-1';
        Object.assign(rig.cloud, { groupMembers: 2, freezesToFail: 3 });
        rig.cloud.groups = [
          { launchMethod: 'fakeGroup', id: `group-${token}`, token, requestId, mustBeDeleted: true },
        ];
        const request = await rig.startRequest({ requestId, count: 5 });
        await rig.env.sleep('1 minute');
        assert.deepEqual(rig.cloud.launched, [], 'it is not frozen yet');
        rig.cloud.groupMembers = 3;
        await rig.env.sleep('5 minutes');
        assert.deepEqual([(await rig.status(request)).status, rig.cloud.live().length], ['complete', 5]);
        await request.cancel();
        await rig.result(request);
        assert.deepEqual(rig.cloud.live(), []);
      }));

    it('a run after a reset does not launch again what was returned in the meantime', () =>
      rig.withWorkers(async () => {
        launched(['i-0', 'i-1', 'i-2']);
        rig.cloud.machines.set('i-2', { ...anObservation('i-2', { state: 'terminated' }), owner: requestId });
        const request = await rig.startRequest({ requestId, count: 3 });
        await claimed(request, ['i-0', 'i-1']);
        await rig.env.sleep('1 minute');
        assert.equal((await rig.status(request)).status, 'complete');
        assert.deepEqual([rig.cloud.live(), rig.cloud.launched], [['i-0', 'i-1'], []]);
        await rig.result(await rig.startReturn(rig.cloud.live()));
        await rig.result(request);
      }));

    it('a run after a reset that cannot freeze its group settles, and finally releases everything', () =>
      rig.withWorkers(async () => {
        const token = 'launch-of-reset-1';
        Object.assign(rig.cloud, { groupMembers: 2, freezesToFail: Infinity });
        rig.cloud.groups = [
          { launchMethod: 'fakeGroup', id: `group-${token}`, token, requestId, mustBeDeleted: true },
        ];
        const request = await rig.startRequest({ requestId, count: 2 });
        await rig.env.sleep('1 hour');
        assert.notEqual((await rig.status(request)).status, 'running');
        await request.cancel();
        rig.cloud.freezesToFail = 0;
        await rig.result(request);
        assert.deepEqual(rig.cloud.live(), []);
      }));

    it("a run after a reset freezes the earlier run's group and owns its members", () =>
      rig.withWorkers(async () => {
        const token = 'launch-of-reset-1';
        rig.cloud.groupMembers = 2;
        rig.cloud.groups = [
          { launchMethod: 'fakeGroup', id: `group-${token}`, token, requestId, mustBeDeleted: true },
        ];
        const createdAt = (await rig.now()) - HOUR;
        const request = await rig.startRequest({ requestId, count: 2, createdAt, deadlineSeconds: 900 });
        await rig.env.sleep('5 minutes');
        await claimed(request, rig.cloud.live());
        await rig.whenIdle(request);
        await holdsAndGivesBack(request, rig.cloud.live());
        assert.equal(rig.cloud.machines.size, 2);
        assert.deepEqual(rig.cloud.removedGroups, [`group-${token}`]);
      }));
  });

  it('an owner treats repeated signals of one return as one return', () =>
    rig.withWorkers(async () => {
      const request = await rig.startRequest({ count: 3 });
      await rig.env.sleep('1 minute');
      const [one = '', ...rest] = rig.cloud.live();
      const signal: ReturnMachines = { returnId: 'ret-by-hand', machines: [anObservation(one)] };
      for (let time = 0; time < 3; time++) {
        await request.signal(returnMachinesSignal, signal);
        await request.signal(returnMachinesSignal, signal);
        await rig.env.sleep('1 minute');
        assert.deepEqual(rig.cloud.live(), rest);
      }
      assert.equal(rig.cloud.launched.length, 1);
      assert.equal((await rig.status(request)).status, 'complete');
      await rig.result(await rig.startReturn(rest));
      await rig.result(request);
    }));
});
