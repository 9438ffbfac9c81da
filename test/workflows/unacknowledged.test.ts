import { strict as assert } from 'node:assert';
import type { WorkflowHandle } from '@temporalio/client';
import { v7 as uuidV7 } from 'uuid';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { requestIdFrom } from '../../contract/ids.ts';
import type { fleetMonitor, machineRequest } from '../../workflows/index.ts';
import { anObservation } from '../fixtures/builders.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import { acknowledgeSignal, ownershipStatusQuery } from '../../contract/machineRequest.ts';
import { hostListUpdatedSignal, lostHostsQuery, reportQuery } from '../../contract/fleetMonitor.ts';

describe('unacknowledged machines', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  /** Host Factory's list, twice a minute, as getReturnRequests brings it. */
  async function lists(times: number, monitor: WorkflowHandle<typeof fleetMonitor>, ids: readonly string[]) {
    for (let time = 0; time < times; time++) {
      await rig.env.sleep('30 seconds');
      const query = { v: 1, at: await rig.now(), isComplete: true, names: ids.map(() => ''), ids } as const;
      const { update } = await monitor.query(lostHostsQuery, query);
      if (update) await monitor.signal(hostListUpdatedSignal, update);
    }
    // What follows from a list takes its time.
    await rig.env.sleep('5 seconds');
  }

  /** A request that is up; its machines were launched now. */
  async function upRequest(count: number): Promise<{ request: Handle; ids: string[] }> {
    const request = await rig.startRequest({ count });
    await rig.env.sleep('1 minute');
    const ids = unpackMachines((await rig.status(request)).machines).map(({ machineId }) => machineId);
    for (const id of ids) await launchedNow(id, request.workflowId);
    return { request, ids };
  }
  async function launchedNow(machineId: string, owner: string): Promise<void> {
    const launchTime = Math.floor((await rig.now()) / 1_000);
    rig.cloud.machines.set(machineId, { ...anObservation(machineId, { launchTime }), owner });
  }
  const read = (request: Pick<Handle, 'signal'>, machineIds: readonly string[]): Promise<void> =>
    request.signal(acknowledgeSignal, { v: 1, machineIds });

  it('machines of a request that Host Factory never learned of are released, and none that it acknowledged', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const known = await upRequest(3);
      const lost = await upRequest(2);
      const unread = await rig.status(known.request);
      assert.equal(unread.unacknowledged, 3);
      await read(known.request, known.ids);
      const [dropped = '', ...named] = known.ids;
      await lists(10, monitor, named);
      assert.deepEqual(rig.cloud.live(), [...known.ids, ...lost.ids], 'they are not old enough');
      await rig.env.sleep('20 minutes');
      await lists(2, monitor, named);
      assert.deepEqual(rig.cloud.live(), [...known.ids, ...lost.ids]);
      await lists(1, monitor, named);
      const { status, message } = await rig.result(lost.request);
      assert.deepEqual([status, rig.cloud.live()], ['complete_with_error', known.ids]);
      assert.match(message, /never read/);
      await lists(5, monitor, named);
      assert.deepEqual(rig.cloud.live(), known.ids);
      const { unlistedMachines, alarms } = await monitor.query(reportQuery);
      assert.deepEqual(
        unlistedMachines.map(({ machineId, isAcknowledged }) => [machineId, isAcknowledged]),
        [[dropped, true]],
      );
      assert.deepEqual(alarms, []);
      await rig.result(await rig.startReturn(known.ids));
      await rig.result(known.request);
    }));

  it('machines of a terminated owner are adopted, and those that it never reported are released', () =>
    rig.withWorkers(async () => {
      rig.cloud.ownerless = [];
      const monitor = await rig.startMonitor();
      const { request, ids } = await upRequest(3);
      const [first = '', second = '', unread = ''] = ids;
      await read(request, [first, second]);
      await rig.env.sleep('3 minutes');
      await rig.terminate(request);
      await launchedNow('i-0000000a', request.workflowId);
      rig.cloud.ownerless = [request.workflowId];
      await rig.env.sleep('5 minutes');
      rig.cloud.ownerless = [];
      const adopter = rig.env.client.workflow.getHandle<typeof machineRequest>(adopterId(request.workflowId));
      assert.deepEqual(await adopter.query(ownershipStatusQuery, [...ids, 'i-0000000a']), [
        ...['acknowledged', 'acknowledged', 'unacknowledged'],
        'unacknowledged',
      ]);
      await rig.env.sleep('13 minutes');
      assert.ok(rig.cloud.live().includes('i-0000000a'), 'it is not old enough');
      await rig.env.sleep('5 minutes');
      assert.deepEqual(rig.cloud.live(), ids);
      await lists(3, monitor, [first, second]);
      await rig.env.sleep('1 minute');
      assert.deepEqual(rig.cloud.live(), [first, second], `nobody names ${unread}`);
      await rig.result(await rig.startReturn([first, second]));
      assert.equal((await rig.result(adopter)).total, 4);
    }));

  it('a group without an owner is frozen, emptied and deleted', () =>
    rig.withWorkers(async () => {
      rig.cloud.ownerless = [];
      await rig.startMonitor();
      await rig.env.sleep('3 minutes');
      const lost = requestIdFrom(uuidV7());
      const group = {
        launchMethod: 'fakeGroup',
        id: 'group-lost',
        token: 'lost-launch-of-test-1',
        mustBeDeleted: true,
      } as const;
      rig.cloud.groups = [{ ...group, requestId: lost }];
      rig.cloud.groupMembers = 2;
      rig.cloud.ownerless = [lost];
      await rig.env.sleep('5 minutes');
      rig.cloud.ownerless = [];
      const adopter = rig.env.client.workflow.getHandle<typeof machineRequest>(adopterId(lost));
      assert.equal((await rig.result(adopter)).total, 2);
      assert.deepEqual([rig.cloud.live(), rig.cloud.releasedBesideFilling], [[], []]);
      assert.deepEqual(rig.cloud.removedGroups, ['group-lost-launch-of-test-1']);
    }));
});
