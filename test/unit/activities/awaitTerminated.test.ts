import { strict as assert } from 'node:assert';
import type { GroupService } from '../../../activities/aws/group/groupService.ts';
import type { InstanceObservation } from '../../../activities/aws/instance/instanceReader.ts';
import { createWaitActivities } from '../../../activities/aws/instance/waitActivities.ts';
import type { Observation } from '../../../domain/machine/machine.ts';
import { anObservation } from '../../fixtures/builders.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';

describe('the wait for terminated machines', () => {
  /** Runs the activity; AWS shows these states. */
  async function wait(states: Readonly<Record<string, InstanceObservation['state']>>, reportSeconds: number) {
    const observed = new Map(
      Object.entries(states).map(([id, state]) => [id, { ...anObservation(id, { state }), tags: {} }]),
    );
    const { awaitTerminated } = createWaitActivities({ next: async () => observed }, {} as GroupService);
    const observations: readonly Observation[] = await activityEnvironment().run(awaitTerminated, {
      machineIds: Object.keys(states),
      reportSeconds,
    });
    return observations.map(({ machineId, state }) => [machineId, state]);
  }

  it('a machine that is still up after the report time is returned, so that the owner terminates it again', async () => {
    assert.deepEqual(await wait({ 'i-1': 'terminated', 'i-2': 'running', 'i-3': 'shutting-down' }, 0), [
      ['i-1', 'terminated'],
      ['i-2', 'running'],
    ]);
  });

  it('before the report time the wait returns only when all machines are terminated', async () => {
    assert.deepEqual(await wait({ 'i-1': 'terminated' }, 60), [['i-1', 'terminated']]);
  });
});
