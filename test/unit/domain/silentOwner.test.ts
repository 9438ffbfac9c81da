import { strict as assert } from 'node:assert';
import type { MonitorInput } from '../../../domain/monitor/messages.ts';
import { reduceMonitor, type MonitorFact } from '../../../domain/monitor/reducer.ts';
import { packObservations } from '../../../domain/monitor/observation.ts';
import { lostMachinesToQuery, type MonitorState } from '../../../domain/monitor/state.ts';
import { initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { nextActionAt } from '../../../domain/monitor/schedule.ts';

const MINUTE = 60_000;
const START = 1_700_000_000_000;
const INPUT: MonitorInput = { v: 1, deployment: 'test', provider: 'awsinst' };
const ID = 'i-0123456789abcdef0';

const LOST: MonitorFact = {
  type: 'SweepCompleted',
  result: {
    snapshotId: 't',
    isFullSnapshot: true,
    hasMore: false,
    observations: packObservations([
      {
        machineId: ID,
        name: `${ID}.ec2.internal`,
        launchTime: START / 1_000 - 3_600,
        state: 'terminated',
        requestId: 'req-1',
        interruptionAt: 0,
        reason: '',
      },
    ]),
  },
};

describe('a lost machine whose owner does not answer', () => {
  it('a lost machine whose owner does not answer is queried every minute, and reported after ten', () => {
    let now = START;
    let state: MonitorState = reduceMonitor(initialMonitorState(INPUT, 0), LOST, now);
    const isNamed = (): boolean => state.lostMachines.get(ID)?.stage === 'reported';
    const askedAt: number[] = [];
    while (!isNamed() && askedAt.length < 100) {
      now = Math.max(now, nextActionAt(state) ?? now);
      const asked = lostMachinesToQuery(state, now).map(({ machineId }) => machineId);
      if (asked.length > 0) askedAt.push((now - START) / MINUTE);
      state = reduceMonitor(
        state,
        { type: 'LostMachinesQueried', statuses: asked.map((id) => [id, 'silent'] as const) },
        now,
      );
    }
    assert.deepEqual(askedAt, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.ok(isNamed());
  });
});
