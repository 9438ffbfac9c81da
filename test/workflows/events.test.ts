import { strict as assert } from 'node:assert';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type WorkflowRig } from '../fixtures/workflowRig.ts';

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

  it('are told from its acceptance to its end, numbered without gaps through all runs', () =>
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

  it('hold nothing up while they cannot be published, and are all told later', () =>
    rig.withWorkers(async () => {
      rig.cloud.publishingFails = true;
      await live();
      assert.deepEqual(types(), LIFE);
    }));
});
