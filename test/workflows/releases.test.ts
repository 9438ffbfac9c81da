import { strict as assert } from 'node:assert';
import { anObservation } from '../fixtures/builders.ts';
import { releases } from '../fixtures/releases.ts';
import { createWorkflowRig } from '../fixtures/temporal/workflowRig.ts';

describe('a worker of this release', () => {
  for (const { release, request, return: back, carried, machines } of releases()) {
    it(`a worker of this release serves the command line of ${release}`, async () => {
      const rig = await createWorkflowRig();
      await rig.withWorkers(async () => {
        const owner = await rig.startRequest(request);
        await rig.env.sleep('1 minute');
        assert.equal(rig.cloud.live().length, 2);
        assert.equal((await rig.result(await rig.startReturn(rig.cloud.live(), back))).status, 'complete');
        assert.equal((await rig.result(owner)).status, 'complete');
        assert.deepEqual([rig.cloud.launched.length, rig.cloud.live().length], [1, 0]);
      });
    });

    it(`a worker of this release continues an owner that a worker of ${release} continued as new`, async () => {
      const rig = await createWorkflowRig();
      await rig.withWorkers(async () => {
        const alive = machines
          .filter(({ release: stage }) => stage === 'held')
          .map(({ machineId }) => machineId);
        const owner = await rig.startRequest({ ...request, carriedState: carried });
        for (const id of alive) rig.cloud.machines.set(id, { ...anObservation(id), owner: owner.workflowId });
        const { status, message, total } = await rig.status(owner);
        assert.deepEqual([status, message, total], ['complete', '2 of 3 machines', 3]);
        await rig.result(await rig.startReturn(alive, back));
        await rig.result(owner);
        assert.deepEqual(rig.cloud.live(), []);
      });
    });
  }
});
