import { strict as assert } from 'node:assert';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

/** Requests whose launches make groups: fleets and Auto Scaling groups, which launch by themselves. */
describe('machineRequest with groups', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  async function until(handle: Handle, test: (view: StatusView) => boolean): Promise<StatusView> {
    for (;;) {
      const view = await rig.status(handle);
      if (test(view)) return view;
      await rig.env.sleep('5s');
    }
  }
  const settled = (handle: Handle): Promise<StatusView> => until(handle, (view) => view.status !== 'running');
  const ids = (view: StatusView): string[] =>
    unpackMachines(view.machines).map((machine) => machine.machineId);
  const results = (view: StatusView): string[] =>
    unpackMachines(view.machines).map((machine) => machine.result);

  it('shows the machines of a group as they come, and is complete when it is full', () =>
    rig.withWorkers(async () => {
      rig.cloud.groupMembers = 2;
      const request = await rig.startRequest({ count: 5 });
      const early = await until(request, (view) => results(view).includes('succeed'));
      assert.deepEqual([early.status, early.total], ['running', 2]);
      rig.cloud.groupMembers = 5;
      const view = await settled(request);
      assert.deepEqual([view.status, view.total], ['complete', 5]);
      await rig.result(await rig.startReturn(ids(view)));
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
      assert.deepEqual(rig.cloud.launched.length, 1);
      assert.deepEqual(rig.cloud.releasedBesideFilling, []);
    }));

  it('deletes a group once, with the last machine of it', () =>
    rig.withWorkers(async () => {
      rig.cloud.groupMembers = 3;
      const request = await rig.startRequest({ count: 3 });
      const view = await settled(request);
      await rig.result(await rig.startReturn(ids(view).slice(0, 2)));
      assert.deepEqual(rig.cloud.removedGroups, []);
      await rig.result(await rig.startReturn(ids(view).slice(2)));
      await rig.result(request);
      assert.equal(rig.cloud.removedGroups.length, 1);
    }));

  it('ends with its group although the last that came is a return of machines long gone', () =>
    rig.withWorkers(async () => {
      let goOn = (): void => {};
      rig.cloud.removalWaits = new Promise((resolve) => (goOn = resolve));
      rig.cloud.groupMembers = 2;
      const request = await rig.startRequest({ count: 2 });
      const view = await settled(request);
      await rig.result(await rig.startReturn(ids(view)));
      const again = await rig.result(await rig.startReturn(ids(view)));
      assert.equal(again.status, 'complete');
      goOn();
      await rig.result(request);
      assert.equal(rig.cloud.published.at(-1)?.type, 'ReturnRequested');
    }));

  it('answers at the deadline with what the group has, and gives back what appears later', () =>
    rig.withWorkers(async () => {
      rig.cloud.groupMembers = 2;
      rig.cloud.lateMembers = 1;
      const request = await rig.startRequest({ count: 5 });
      const view = await settled(request);
      assert.deepEqual([view.status, results(view).length], ['complete', 2]);
      await rig.env.sleep('3m');
      assert.equal(rig.cloud.machines.size, 3);
      assert.deepEqual(rig.cloud.live(), ids(view));
      await rig.result(await rig.startReturn(ids(view)));
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('freezes a group that still fills before a machine of it is given back, and asks anew for the rest', () =>
    rig.withWorkers(async () => {
      rig.cloud.groupMembers = 2;
      const request = await rig.startRequest({ count: 5 });
      const early = await until(request, (view) => results(view).includes('succeed'));
      const [victim = ''] = ids(early);
      const back = await rig.result(await rig.startReturn([victim]));
      assert.equal(back.status, 'complete');
      assert.deepEqual(rig.cloud.releasedBesideFilling, []);
      rig.cloud.groupMembers = 3;
      const view = await settled(request);
      assert.equal(rig.cloud.launched.length, 2);
      assert.equal(view.status, 'complete');
      // Host Factory gave one back, so that four are wanted; it is not replaced.
      assert.deepEqual(results(view).filter((result) => result === 'succeed').length, 5);
      assert.ok(!rig.cloud.live().includes(victim));
      await request.cancel();
      await rig.result(request);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('freezes a group that turns up when the request is answered already, before it gives its machines back', () =>
    rig.withWorkers(async () => {
      Object.assign(rig.cloud, { groupMembers: 2, launchesInTheDark: 1, freezesToFail: 1 });
      const request = await rig.startRequest({ count: 5 });
      assert.equal((await settled(request)).total, 0);
      const view = await rig.result(request);
      assert.deepEqual([view.status, results(view)], ['complete_with_error', ['fail', 'fail']]);
      assert.deepEqual(rig.cloud.releasedBesideFilling, []);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('leaves nothing of a group that is cancelled while it is still empty', () =>
    rig.withWorkers(async () => {
      rig.cloud.groupMembers = 0;
      const request = await rig.startRequest({ count: 5 });
      await until(request, () => rig.cloud.launched.length > 0);
      rig.cloud.lateMembers = 2;
      await request.cancel();
      await rig.result(request);
      assert.equal(rig.cloud.machines.size, 2);
      assert.deepEqual(rig.cloud.live(), []);
    }));
});
