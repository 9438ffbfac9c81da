import { strict as assert } from 'node:assert';
import type { WorkflowHandle } from '@temporalio/client';
import { v7 as uuidV7 } from 'uuid';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { requestIdFrom } from '../../contract/ids.ts';
import type { LostMachinesMemo } from '../../domain/monitor/messages.ts';
import { packObservations, type FleetObservation } from '../../domain/monitor/observation.ts';
import type { fleetMonitor } from '../../workflows/index.ts';
import { anObservation } from '../fixtures/builders.ts';
import { createWorkflowRig, type Handle, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import { acknowledgeSignal, ownershipStatusQuery } from '../../contract/machineRequest.ts';
import {
  hostListUpdatedSignal,
  lostHostsQuery,
  machinesInterruptedSignal,
} from '../../contract/fleetMonitor.ts';

type Monitor = WorkflowHandle<typeof fleetMonitor>;
const MINUTE = 60_000;

describe('fleetMonitor', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  /** Asks as getReturnRequests does. @returns the ids that are going, and when */
  async function going(monitor: Monitor, ids: readonly string[]): Promise<Record<string, number>> {
    const names = ids.map((id) => `${id}.ec2.internal`);
    const answer = await monitor.query(lostHostsQuery, {
      v: 1,
      at: await rig.now(),
      isComplete: true,
      names,
      ids,
    });
    if (answer.update) await monitor.signal(hostListUpdatedSignal, answer.update);
    return Object.fromEntries(answer.lost.map(([index, at]) => [ids[index] ?? '', at]));
  }
  async function machinesOf(request: Handle): Promise<string[]> {
    await rig.env.sleep('1 minute');
    return unpackMachines((await rig.status(request)).machines).map(({ machineId }) => machineId);
  }
  const details = (monitor: Monitor): Promise<string> =>
    monitor
      .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
      .then((data) => data.currentDetails ?? '');
  const change = (machineId: string, changes: Partial<ReturnType<typeof anObservation>>): void => {
    const machine = rig.cloud.machines.get(machineId);
    assert.ok(machine);
    rig.cloud.machines.set(machineId, { ...machine, ...changes });
  };

  it('a machine that someone else terminates is reported as lost, and its owner ends without it', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 2 });
      const ids = await machinesOf(request);
      await rig.env.sleep('3 minutes');
      assert.deepEqual(await going(monitor, ids), {});
      change(ids[0] ?? '', { state: 'shutting-down' });
      await rig.env.sleep('3 minutes');
      assert.deepEqual(Object.keys(await going(monitor, ids)), ids.slice(0, 1));
      for (const id of ids) change(id, { state: 'terminated' });
      assert.equal((await rig.result(request)).total, 2);
      assert.deepEqual(Object.keys(await going(monitor, ids)), ids);
      await rig.env.sleep('1 day');
      assert.deepEqual(Object.keys(await going(monitor, ids)), ids, 'as long as Host Factory asks');
      const { memo } = await monitor.describe();
      const left = memo?.['hf'] as LostMachinesMemo | undefined;
      assert.deepEqual(
        left?.lost.map(([id]) => id),
        ids,
        'also without a worker',
      );
    }));

  it('a machine that Host Factory returns is not reported as lost', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 3 });
      const ids = await machinesOf(request);
      await rig.env.sleep('3 minutes');
      await rig.result(await rig.startReturn(ids.slice(0, 2)));
      await rig.env.sleep('30 minutes');
      assert.deepEqual(await going(monitor, ids), {});
      await rig.result(await rig.startReturn(ids.slice(2)));
      await rig.result(request);
      await rig.env.sleep('30 minutes');
      assert.deepEqual(await going(monitor, ids), {});
    }));

  it('a machine that AWS no longer shows is lost after 20 minutes, unless AWS shows it again', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 2 });
      const [lost = '', hidden = ''] = await machinesOf(request);
      await rig.env.sleep('3 minutes');
      const [first, second] = [rig.cloud.machines.get(lost), rig.cloud.machines.get(hidden)];
      assert.ok(first && second);
      for (const id of [lost, hidden]) rig.cloud.machines.delete(id);
      await rig.env.sleep('15 minutes');
      assert.deepEqual(await going(monitor, [lost, hidden]), {});
      rig.cloud.machines.set(hidden, second);
      await rig.env.sleep('15 minutes');
      assert.deepEqual(Object.keys(await going(monitor, [lost, hidden])), [lost]);
      change(hidden, { state: 'terminated' });
      assert.equal((await rig.result(request)).total, 2);
    }));

  it('an interruption notice is reported before the interruption', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 2 });
      const [marked = '', other = ''] = await machinesOf(request);
      const at = (await rig.now()) + 5 * MINUTE;
      rig.cloud.notices.set(marked, at);
      await rig.env.sleep('3 minutes');
      assert.deepEqual(await going(monitor, [marked, other]), { [marked]: at });
      for (const id of [marked, other]) change(id, { state: 'terminated' });
      await rig.result(request);
    }));

  it('an interruption is reported before a sweep shows it, with the earliest time', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 3 });
      const [marked = '', returned = '', ended = ''] = await machinesOf(request);
      await rig.env.sleep('3 minutes');
      await rig.result(await rig.startReturn([returned]));
      const at = (await rig.now()) + 10 * MINUTE;
      const announce = (machineId: string, changes: Partial<FleetObservation>) => {
        const machine = { machineId, name: '', launchTime: 1, requestId: request.workflowId, reason: '' };
        const observations = packObservations([
          { ...machine, state: 'running', interruptionAt: 0, ...changes },
        ]);
        return monitor.signal(machinesInterruptedSignal, { v: 1, observations });
      };
      await announce(marked, { interruptionAt: at });
      await announce(returned, { interruptionAt: at });
      await announce(ended, { state: 'terminated' });
      await rig.env.sleep('1 second');
      const all = [marked, returned, ended];
      assert.deepEqual(
        Object.keys(await going(monitor, all)),
        [marked, ended],
        'not what Host Factory returns',
      );
      // Twice, late, and in the wrong order.
      await announce(marked, { interruptionAt: at + MINUTE });
      await announce(ended, { interruptionAt: at });
      await rig.env.sleep('3 minutes');
      const lost = await going(monitor, all);
      assert.equal(lost[marked], at);
      assert.ok((lost[ended] ?? 0) < at - 5 * MINUTE);
      for (const id of [marked, ended]) change(id, { state: 'terminated' });
      await rig.result(request);
    }));

  it('AWS alone decides whether a host of another provider is lost', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const [alive, ended, unknown] = ['i-0000000a', 'i-0000000b', 'i-0000000c'] as const;
      for (const id of [alive, ended]) rig.cloud.machines.set(id, { ...anObservation(id), owner: '' });
      await rig.env.sleep('1 minute');
      assert.deepEqual(await going(monitor, [alive, ended, unknown]), {});
      change(ended, { state: 'terminated' });
      await rig.env.sleep('10 minutes');
      assert.deepEqual(Object.keys(await going(monitor, [alive, ended, unknown])), [ended]);
      await rig.env.sleep('20 minutes');
      assert.deepEqual(Object.keys(await going(monitor, [alive, ended, unknown])), [ended, unknown]);
      assert.deepEqual(
        await going(monitor, [alive]),
        {},
        'it forgets what Host Factory no longer asks about',
      );
      await rig.env.sleep('1 minute');
      const { update } = await monitor.query(lostHostsQuery, {
        v: 1,
        at: await rig.now(),
        isComplete: true,
        names: ['', ''],
        ids: [ended, alive],
      });
      assert.deepEqual(update?.unknownHosts, [[ended, '']]);
    }));

  it('machines whose owner was terminated go to an adopter, which ends with the last of them', () =>
    rig.withWorkers(async () => {
      rig.cloud.ownerless = [];
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 2 });
      const ids = await machinesOf(request);
      await request.signal(acknowledgeSignal, { v: 1, machineIds: ids });
      await rig.env.sleep('3 minutes');
      await rig.terminate(request);
      rig.cloud.ownerless = [request.workflowId];
      await rig.env.sleep('5 minutes');
      rig.cloud.ownerless = [];
      const adopter = rig.env.client.workflow.getHandle(adopterId(request.workflowId));
      assert.deepEqual(await adopter.query(ownershipStatusQuery, ids), ['acknowledged', 'acknowledged']);
      await rig.env.sleep('1 hour');
      assert.deepEqual(rig.cloud.live(), ids, 'Host Factory may hold them');
      for (const id of ids) change(id, { state: 'terminated' });
      await rig.env.sleep('5 minutes');
      assert.equal((await adopter.describe()).status.name, 'COMPLETED');
      assert.deepEqual(Object.keys(await going(monitor, ids)), ids);
    }));

  it('the monitor adopts nothing and raises an alarm where no machine has a known owner', () =>
    rig.withWorkers(async () => {
      const lost = requestIdFrom(uuidV7());
      const machine = anObservation('i-0000000a');
      rig.cloud.machines.set(machine.machineId, { ...machine, owner: lost });
      const monitor = await rig.startMonitor();
      await rig.env.sleep('3 minutes');
      rig.cloud.ownerless = [lost];
      await rig.env.sleep('1 hour');
      await assert.rejects(rig.env.client.workflow.getHandle(adopterId(lost)).describe());
      assert.match(await details(monitor), /this namespace has no owner of any/);
    }));

  it('the monitor keeps its state when it continues as new', () =>
    rig.withWorkers(async () => {
      const monitor = await rig.startMonitor();
      const request = await rig.startRequest({ count: 2 });
      const ids = await machinesOf(request);
      change(ids[0] ?? '', { state: 'shutting-down' });
      await rig.env.sleep('3 minutes');
      const nothing = { v: 1, unknownHosts: [], dropped: [] } as const;
      for (let more = 0; more < 40; more++) {
        await Promise.all(Array.from({ length: 50 }, () => monitor.signal(hostListUpdatedSignal, nothing)));
      }
      // A sweep with news ends the run.
      change(ids[1] ?? '', { state: 'shutting-down' });
      await rig.env.sleep('5 minutes');
      assert.deepEqual(Object.keys(await going(monitor, ids)), ids);
      assert.equal((await rig.historyLengths(monitor.workflowId)).length, 2);
      for (const id of ids) change(id, { state: 'terminated' });
      await rig.result(request);
    }));
});
