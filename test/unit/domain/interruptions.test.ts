import assert from 'node:assert/strict';
import { createMonitorActivities } from '../../../activities/monitor/sweep.ts';
import { alarmsOf } from '../../../domain/monitor/alarms.ts';
import { carryMonitor, initialMonitor } from '../../../domain/monitor/continueAsNewState.ts';
import { reduceMonitor } from '../../../domain/monitor/reducer.ts';
import type { SeenMachine, SweepResult } from '../../../domain/monitor/observation.ts';
import type { MonitorState } from '../../../domain/monitor/state.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';

const instance = { deployment: 'test', provider: 'awsinst' };
const rules = { lists: 60, minAgeMs: 0, share: 1 };
const NOW = 1_800_000_000_000;
const MINUTE = 60_000;

describe('what the cloud announces of a machine', () => {
  const announce = (state: MonitorState, changes: Partial<SeenMachine>): MonitorState => {
    const machine = { machineId: 'i-0000000a', name: 'a', launchTime: 1, requestId: 'req-1', reason: '' };
    const seen = [{ ...machine, state: 'running' as const, reclaimAt: 0, ...changes }];
    return reduceMonitor(state, { type: 'Announced', seen }, NOW);
  };
  const start = initialMonitor({ v: 1, ...instance });
  const lossOf = ({ losses }: MonitorState) => losses.get('i-0000000a');

  it('is a loss, of which the owner is asked at once', () => {
    const loss = lossOf(announce(start, { reclaimAt: NOW + 2 * MINUTE }));
    assert.deepEqual([loss?.at, loss?.stage, loss?.askAt], [NOW + 2 * MINUTE, 'unasked', 0]);
    assert.equal(lossOf(announce(start, {})), undefined, 'but for one that stays');
  });

  it('holds from the earliest time on, in whatever order it comes', () => {
    const times = [NOW + 2 * MINUTE, NOW + 3 * MINUTE, NOW + MINUTE, NOW + 3 * MINUTE];
    const state = times.reduce((before, reclaimAt) => announce(before, { reclaimAt }), start);
    assert.equal(lossOf(state)?.at, NOW + MINUTE);
    const ended = announce(state, { state: 'terminated' });
    assert.deepEqual(lossOf(announce(ended, { reclaimAt: NOW + MINUTE })), lossOf(ended), 'none comes back');
    assert.deepEqual([lossOf(ended)?.at, lossOf(ended)?.state], [NOW, 'terminated']);
  });

  it('is forgotten of a machine that was stopped and is started again', () => {
    const stopped = announce(start, { state: 'stopped' });
    assert.equal(lossOf(stopped)?.state, 'stopped');
    assert.equal(lossOf(announce(stopped, {})), undefined);
  });
});

describe('announcements that are not heard', () => {
  it('are an alarm of the monitor until they are', async () => {
    let trouble: string | undefined;
    const { sweep } = createMonitorActivities(
      {
        isId: () => true,
        byId: async () => new Map(),
        ofProvider: async () => [],
        groupsOf: async () => [],
        reclaimed: async () => new Map(),
      },
      { ownerless: async () => ({ requests: new Set(), withGroups: new Set() }) },
      { seconds: 0.01, rules, onError: () => undefined, unheard: () => trouble },
    );
    const sweepFrom = (token: string): Promise<SweepResult> =>
      activityEnvironment().run(sweep, { ...instance, token });
    let monitor = initialMonitor({ v: 1, ...instance });
    const learn = async () => {
      const result = await sweepFrom(monitor.token);
      monitor = reduceMonitor(monitor, { type: 'Swept', result }, Date.now());
    };
    // The first two tell of AWS, and that all have owners.
    await learn();
    await learn();
    assert.deepEqual(alarmsOf(monitor), []);

    trouble = 'AccessDenied: no';
    await learn();
    const alarms = alarmsOf(monitor);
    assert.match(alarms[0]?.message ?? '', /not heard \(AccessDenied: no\)/);
    assert.deepEqual(alarmsOf(initialMonitor({ v: 1, ...instance, carried: carryMonitor(monitor) })), alarms);

    trouble = undefined;
    await learn();
    assert.deepEqual(alarmsOf(monitor), []);
  });
});
