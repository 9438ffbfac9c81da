import assert from 'node:assert/strict';
import { createSweepActivities } from '../../../activities/monitor/sweep.ts';
import { alarmsOf } from '../../../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { reduceMonitor } from '../../../domain/monitor/reducer.ts';
import type { SweepResult } from '../../../domain/monitor/activityResults.ts';
import type { FleetObservation } from '../../../domain/monitor/observation.ts';
import type { MonitorState } from '../../../domain/monitor/state.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';

const instance = { deployment: 'test', provider: 'awsinst' };
const rules = { maxMissedLists: 60, minAgeMs: 0, breakerShare: 1 };
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

describe('interruption notices', () => {
  const announce = (state: MonitorState, changes: Partial<FleetObservation>): MonitorState => {
    const machine = { machineId: 'i-0000000a', name: 'a', launchTime: 1, requestId: 'req-1', reason: '' };
    const observations = [{ ...machine, state: 'running' as const, interruptionAt: 0, ...changes }];
    return reduceMonitor(state, { type: 'MachinesInterrupted', observations }, NOW);
  };
  const start = initialMonitorState({ v: 1, ...instance }, 0);
  const lossOf = ({ lostMachines }: MonitorState) => lostMachines.get('i-0000000a');

  it('an interruption notice makes the machine a lost one, and its owner is queried at once', () => {
    const loss = lossOf(announce(start, { interruptionAt: NOW + 2 * MINUTE }));
    assert.deepEqual([loss?.lostAt, loss?.stage, loss?.queryAfter], [NOW + 2 * MINUTE, 'unqueried', 0]);
    assert.equal(lossOf(announce(start, {})), undefined, 'but for one that stays');
  });

  it('the earliest of several interruption notices applies, in whatever order they arrive', () => {
    const times = [NOW + 2 * MINUTE, NOW + 3 * MINUTE, NOW + MINUTE, NOW + 3 * MINUTE];
    const state = times.reduce((before, interruptionAt) => announce(before, { interruptionAt }), start);
    assert.equal(lossOf(state)?.lostAt, NOW + MINUTE);
    const ended = announce(state, { state: 'terminated' });
    assert.deepEqual(
      lossOf(announce(ended, { interruptionAt: NOW + MINUTE })),
      lossOf(ended),
      'none comes back',
    );
    assert.deepEqual([lossOf(ended)?.lostAt, lossOf(ended)?.state], [NOW, 'terminated']);
  });

  it('a stopped machine that is started again is no longer lost', () => {
    const stopped = announce(start, { state: 'stopped' });
    assert.equal(lossOf(stopped)?.state, 'stopped');
    assert.equal(lossOf(announce(stopped, {})), undefined);
  });
});

describe('an interruption listener that fails', () => {
  it('the monitor has an alarm while the interruption listener fails', async () => {
    let trouble: string | undefined;
    const { sweep } = createSweepActivities(
      {
        isMachineId: () => true,
        readMachines: async () => new Map(),
        listMachines: async () => [],
        listGroups: async () => [],
        readInterruptions: async () => new Map(),
      },
      { findOwnerlessRequests: async () => ({ requestIds: new Set(), withGroups: new Set() }) },
      { seconds: 0.01, rules, onError: () => undefined, interruptionListenerError: () => trouble },
    );
    const sweepFrom = (snapshotId: string): Promise<SweepResult> =>
      activityEnvironment().run(sweep, { ...instance, snapshotId });
    let monitor = initialMonitorState({ v: 1, ...instance }, 0);
    const learn = async () => {
      const result = await sweepFrom(monitor.snapshotId);
      monitor = reduceMonitor(monitor, { type: 'SweepCompleted', result }, Date.now());
    };
    // The first sweep reads AWS; the second one finds that all machines have owners.
    await learn();
    await learn();
    assert.deepEqual(alarmsOf(monitor), []);

    trouble = 'AccessDenied: no';
    await learn();
    const alarms = alarmsOf(monitor);
    assert.match(alarms[0]?.message ?? '', /no interruption notices \(AccessDenied: no\)/);
    assert.deepEqual(
      alarmsOf(initialMonitorState({ v: 1, ...instance, carriedState: toCarriedMonitorState(monitor) }, 0)),
      alarms,
    );

    trouble = undefined;
    await learn();
    assert.deepEqual(alarmsOf(monitor), []);
  });
});
