import { strict as assert } from 'node:assert';
import proto from '@temporalio/proto';
import { eventually } from '../fixtures/eventually.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/temporal/workflowRig.ts';

const { EventType } = proto.temporal.api.enums.v1;

describe('the events of a request', () => {
  let rig: WorkflowRig;
  beforeEach(async () => {
    rig = await createWorkflowRig();
  });

  /** One whole life of two machines, over a continue-as-new. */
  async function live(): Promise<void> {
    const request = await rig.startRequest({ count: 2 });
    let view = await rig.status(request);
    while (view.status === 'running') {
      await rig.env.sleep('5s');
      view = await rig.status(request);
    }
    await rig.result(await rig.startReturn(unpackMachines(view.machines).map(({ machineId }) => machineId)));
    // Nothing of the request is left; only its events may still be open.
    assert.deepEqual(rig.cloud.live(), []);
    rig.cloud.publishingFails = false;
    await rig.result(request);
  }

  const types = (): string[] => rig.cloud.published.map(({ type }) => type);
  const LIFE = [
    'RequestCreated',
    'LaunchDecided',
    'LaunchSettled',
    'MachineCreated',
    'MachineCreated',
    'MachineStatusChanged',
    'MachineStatusChanged',
    'RequestStatusChanged',
    'ReturnRequested',
    'MachineTerminated',
    'MachineTerminated',
  ];

  it('the events of a request are published from its acceptance to its end, numbered without gaps through all runs', () =>
    rig.withWorkers(async () => {
      await live();
      assert.deepEqual(types(), LIFE);
      const sequences = rig.cloud.published.map(({ sequence }) => sequence);
      assert.deepEqual(
        sequences,
        LIFE.map((_, index) => index + 1),
      );
      assert.deepEqual(rig.cloud.templatesTold, ['demo'], 'with the first event only');
    }));

  it('events that cannot be published delay nothing, and are all published later', () =>
    rig.withWorkers(async () => {
      rig.cloud.publishingFails = true;
      await live();
      assert.deepEqual(types(), LIFE);
    }));

  it('a history stays replayable when signals arrive during a slow publish', () =>
    rig.withWorkers(async () => {
      let goOn = (): void => {};
      rig.cloud.publishingWaits = new Promise((resolve) => (goOn = resolve));
      const request = await rig.startRequest({ count: 2 });
      /** A workflow task began after so many events of this type. */
      const worksOn = async (
        type: proto.temporal.api.enums.v1.EventType,
        count: number,
      ): Promise<boolean> => {
        const { events } = await request.fetchHistory();
        const all = events?.map(({ eventType }) => eventType) ?? [];
        const isThere = all.filter((other) => other === type).length === count;
        return isThere && all.includes(EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED, all.lastIndexOf(type));
      };
      await eventually('the machines are up', () => worksOn(EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED, 2));
      await request.cancel();
      await eventually('the cancel is worked on', () =>
        worksOn(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED, 1),
      );
      goOn();
      await rig.result(request);
    }));
});
