import { strict as assert } from 'node:assert';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

/** Requests whose launches make groups: fleets and Auto Scaling groups, which launch by themselves. */
describe('requests with groups', () => {
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

  it('a request shows the machines of a group as they launch, and is complete when the group is full', () =>
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

  it('a group is deleted once, with its last machine', () =>
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

  it('a request ends with its group although the last signal is a return of terminated machines', () =>
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

  it('a request settles at the deadline with the machines of its group, and releases those that appear later', () =>
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

  it('a filling group is frozen before a machine of it is released, and the rest is launched again', () =>
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

  it('a group that appears after the request settled is frozen before its machines are released', () =>
    rig.withWorkers(async () => {
      Object.assign(rig.cloud, { groupMembers: 2, launchesInTheDark: 1, freezesToFail: 1 });
      const request = await rig.startRequest({ count: 5 });
      assert.equal((await settled(request)).total, 0);
      const view = await rig.result(request);
      assert.deepEqual([view.status, results(view)], ['complete_with_error', ['fail', 'fail']]);
      assert.deepEqual(rig.cloud.releasedBesideFilling, []);
      assert.deepEqual(rig.cloud.live(), []);
    }));

  it('a request that is cancelled while its group is empty leaves nothing behind', () =>
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
