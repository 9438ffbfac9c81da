import { strict as assert } from 'node:assert';
import { initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { answerLostHosts } from '../../../domain/monitor/lostHosts.ts';
import { packObservations } from '../../../domain/monitor/observation.ts';
import { reduceMonitor } from '../../../domain/monitor/reducer.ts';
import { suspectsToDescribe, type MonitorState } from '../../../domain/monitor/state.ts';

const NOW = 1_700_000_000_000;

describe('the monitor with long host lists', () => {
  const ready = (): MonitorState =>
    reduceMonitor(
      initialMonitorState({ v: 1, deployment: 'test', provider: 'awsinst' }, NOW),
      {
        type: 'SweepCompleted',
        result: { snapshotId: 's', isFullSnapshot: true, hasMore: false, observations: packObservations([]) },
      },
      NOW,
    );
  const hostList = (count: number) => {
    const ids = Array.from({ length: count }, (_, index) => `i-${index.toString(16).padStart(17, '0')}`);
    return { v: 1, at: NOW, isComplete: true, ids, names: ids.map((id) => `${id}.example`) } as const;
  };
  const withUnknownHosts = (state: MonitorState, count: number): MonitorState => {
    const { update } = answerLostHosts(state, hostList(count));
    return update ? reduceMonitor(state, { type: 'HostListUpdated', update }, NOW) : state;
  };

  it('of 50,000 unknown hosts the monitor checks 5,000 at a time', () => {
    const first = withUnknownHosts(ready(), 50_000);
    assert.equal(suspectsToDescribe(first, NOW).length, 5_000);
    assert.equal(withUnknownHosts(first, 50_000).suspects.size, 5_000);
  });

  it('a read of many unknown hosts copies the maps of the monitor once, not once for each host', () => {
    const copiedFor = (count: number): number => {
      const state = withUnknownHosts(ready(), count);
      const observations = [...state.suspects.values()].map(({ machineId, name }) => ({
        machineId,
        name,
        requestId: '',
        launchTime: 0,
        state: 'absent' as const,
        reason: '',
        interruptionAt: 0,
      }));
      return entriesCopiedBy(() => reduceMonitor(state, { type: 'MachinesDescribed', observations }, NOW));
    };
    assert.ok(copiedFor(500) >= 500);
    assert.ok(copiedFor(4_000) <= 3 * 4_000, `${copiedFor(4_000)} entries were copied`);
  });
});

/** Entries that `work` copies into new maps. */
function entriesCopiedBy(work: () => void): number {
  const Original = Map;
  let copied = 0;
  globalThis.Map = class<K, V> extends Original<K, V> {
    constructor(entries?: Iterable<readonly [K, V]> | null) {
      super(entries);
      copied += this.size;
    }
  };
  try {
    work();
  } finally {
    globalThis.Map = Original;
  }
  return copied;
}
