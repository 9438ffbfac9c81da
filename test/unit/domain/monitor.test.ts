import { strict as assert } from 'node:assert';
import { alarmsOf, reportOf } from '../../../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { answerLostHosts } from '../../../domain/monitor/hosts.ts';
import type { HostListUpdate, LostHostsQuery, MonitorInput } from '../../../domain/monitor/messages.ts';
import { orphansToAdopt, unacknowledgedToRelease } from '../../../domain/monitor/orphans.ts';
import { reduceMonitor, type MonitorFact } from '../../../domain/monitor/reducer.ts';
import type { SweepResult } from '../../../domain/monitor/activityResults.ts';
import { packObservations, type FleetObservation } from '../../../domain/monitor/observation.ts';
import { unlistedMachinesToQuery, type MonitorState } from '../../../domain/monitor/state.ts';
import type { OwnershipStatus } from '../../../domain/request/ownershipStatus.ts';
import type { UnacknowledgedRules } from '../../../domain/monitor/records.ts';
import { nextActionAt } from '../../../domain/monitor/schedule.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** Every machine is an hour old when a test begins, unless it says otherwise. */
const START = 1_700_000_000 * SECOND;
const RULES: UnacknowledgedRules = { maxMissedLists: 3, minAgeMs: 20 * MINUTE, breakerShare: 0.2 };
const INPUT: MonitorInput = { v: 1, deployment: 'test', provider: 'awsinst' };

/** A monitor that hears lists as the command line brings them, at a time that the test moves. */
class Told {
  state: MonitorState;
  now = START;
  signals = 0;

  constructor(machines: readonly Partial<FleetObservation>[], sweep: Partial<SweepResult> = {}) {
    this.state = initialMonitorState(INPUT);
    this.learn(swept(machines, { rules: RULES, ownerlessRequests: [], ...sweep }));
  }

  learn(fact: MonitorFact): void {
    this.state = reduceMonitor(this.state, fact, this.now);
  }

  /** One list of Host Factory, half a minute after the last one. */
  list(ids: readonly string[], query: Partial<LostHostsQuery> = {}): HostListUpdate | undefined {
    this.now += 30 * SECOND;
    const asked = { v: 1, at: this.now, isComplete: true, ids, names: ids.map(() => ''), ...query } as const;
    const { update } = answerLostHosts(this.state, asked);
    if (update) {
      this.signals += 1;
      this.learn({ type: 'HostListUpdated', update });
    }
    return update;
  }

  lists(times: number, ids: readonly string[]): void {
    for (let time = 0; time < times; time++) this.list(ids);
  }

  /** What the owners of the machines say that are asked about. */
  answer(standing: (machineId: string) => OwnershipStatus | 'silent'): void {
    const asked = unlistedMachinesToQuery(this.state, this.now).map(({ machineId }) => machineId);
    this.learn({ type: 'UnlistedMachinesQueried', statuses: asked.map((id) => [id, standing(id)] as const) });
  }

  get reclaimed(): readonly string[] {
    return unacknowledgedToRelease(this.state).flatMap(([, machineIds]) => machineIds);
  }

  get alarms(): readonly string[] {
    return alarmsOf(this.state).map(({ code }) => code);
  }
}

function swept(
  machines: readonly Partial<FleetObservation>[],
  changes: Partial<SweepResult> = {},
): MonitorFact {
  const seen = machines.map((machine): FleetObservation => ({
    machineId: '',
    name: `${machine.machineId}.ec2.internal`,
    launchTime: START / SECOND - 3_600,
    state: 'running',
    requestId: 'req-1',
    interruptionAt: 0,
    reason: '',
    ...machine,
  }));
  return {
    type: 'SweepCompleted',
    result: {
      snapshotId: 't',
      isFullSnapshot: true,
      hasMore: false,
      observations: packObservations(seen),
      ...changes,
    },
  };
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `i-${String(from + index).padStart(8, '0')}`);
const machines = (all: readonly string[], changes: Partial<FleetObservation> = {}) =>
  all.map((machineId) => ({ machineId, ...changes }));

describe('machines that Host Factory never acknowledges', () => {
  const all = ids(1, 10);
  const [lost = '', ...others] = all;

  it('an unacknowledged machine is released after enough consecutive host lists lack it, and complete lists cause no signal', () => {
    const told = new Told(machines(all));
    told.lists(100, all);
    assert.equal(told.signals, 0, 'a list that has all of them is no news');
    told.list(others);
    assert.deepEqual(
      unlistedMachinesToQuery(told.state, told.now).map(({ machineId }) => machineId),
      [lost],
    );
    told.answer(() => 'unacknowledged');
    told.list(others);
    assert.deepEqual(told.reclaimed, []);
    told.list(others);
    assert.deepEqual(told.reclaimed, [lost]);
    assert.equal(nextActionAt(told.state), 0);
    told.learn({ type: 'ReleaseRequested', machineIds: [lost] });
    assert.deepEqual([told.reclaimed, nextActionAt(told.state)], [[], undefined]);
    told.learn(swept(machines(others)));
    assert.equal(told.state.unlistedMachines.size, 0);
  });

  it('an unacknowledged machine is released because of host lists, never because of elapsed time', () => {
    const told = new Told(machines(all));
    told.list(others);
    told.answer(() => 'unacknowledged');
    told.list(others);
    told.now += 6 * MINUTE;
    told.list(others);
    assert.deepEqual(told.reclaimed, [], 'after a gap the count begins again');
    told.lists(2, others);
    assert.deepEqual(told.reclaimed, [lost]);
  });

  it('an unacknowledged machine is not released if one host list in between has it, by id or by name', () => {
    for (const named of [
      { ids: all },
      { ids: [...others, ''], names: [...others, `${lost}.EC2.internal`] },
    ]) {
      const told = new Told(machines(all));
      told.list(others);
      told.answer(() => 'unacknowledged');
      told.list(others);
      assert.ok(told.list(all, named), 'that it is back is news');
      told.lists(2, others);
      told.answer(() => 'unacknowledged');
      assert.deepEqual(told.reclaimed, []);
      told.list(others);
      assert.deepEqual(told.reclaimed, [lost]);
    }
  });

  it('concurrent or reordered host lists count once for an unacknowledged machine', () => {
    const told = new Told(machines(all));
    told.list(others);
    told.answer(() => 'unacknowledged');
    const at = told.now;
    for (const ago of [0, 1, 2, 60]) told.list(others, { at: at - ago * SECOND });
    assert.equal(told.state.unlistedMachines.get(lost)?.missedLists, 1);
  });

  it('a machine that is too young or terminating is not missed in a host list', () => {
    const young = { machineId: lost, launchTime: START / SECOND - 60 };
    const told = new Told([...machines(others), young]);
    told.lists(10, others);
    assert.equal(told.signals, 0);
    told.now = START + 20 * MINUTE;
    assert.ok(told.list(others));
    const leaving = new Told([...machines(others), { machineId: lost, state: 'shutting-down' }]);
    leaving.lists(10, others);
    assert.equal(leaving.signals, 0);
  });

  it('the count of missed lists restarts when a host list shrinks by more than the breaker share', () => {
    const told = new Told(machines(all));
    told.list([...others, ...ids(20, 29)]);
    told.answer(() => 'unacknowledged');
    told.lists(1, [...others, ...ids(20, 29)]);
    told.list(others);
    assert.deepEqual(told.reclaimed, []);
    assert.equal(told.state.unlistedMachines.get(lost)?.missedLists, 1);
  });

  for (const standing of ['acknowledged', 'released'] as const) {
    it(`a machine that its owner reports as ${standing} is not released, and causes no further signal`, () => {
      const told = new Told(machines(all));
      told.list(others);
      told.answer(() => standing);
      told.lists(20, others);
      assert.deepEqual([told.reclaimed, told.signals], [[], 1]);
      assert.deepEqual(
        reportOf(told.state).unlistedMachines.map(({ machineId, isAcknowledged }) => [
          machineId,
          isAcknowledged,
        ]),
        standing === 'acknowledged' ? [[lost, true]] : [],
      );
    });
  }

  it('an unlisted machine is queried again while its owner does not answer or has no status yet', () => {
    for (const standing of ['silent', 'booting', 'unknown'] as const) {
      const told = new Told(machines(all));
      told.list(others);
      told.answer(() => standing);
      told.lists(5, others);
      assert.deepEqual([told.reclaimed, unlistedMachinesToQuery(told.state, told.now)], [[], []]);
      told.now += 5 * MINUTE;
      told.answer(() => 'unacknowledged');
      told.lists(3, others);
      assert.deepEqual(told.reclaimed, [lost]);
    }
  });

  it('an empty host list releases nothing, and raises an alarm that names the machines', () => {
    const told = new Told(machines(all.slice(0, 2)));
    told.list([]);
    told.answer(() => 'unacknowledged');
    told.lists(20, []);
    assert.deepEqual([told.reclaimed, told.alarms], [[], ['emptyHostList']]);
    assert.match(alarmsOf(told.state)[0]?.message ?? '', /i-00000001, i-00000002/);
    assert.ok(told.signals < 10, `an empty list is no news for ever: ${told.signals} signals`);
    told.list([...ids(50, 51)]);
    assert.deepEqual(told.alarms, []);
    told.lists(2, ids(50, 51));
    assert.deepEqual(told.reclaimed, all.slice(0, 2), 'a list that can be trusted counts from its first on');
  });

  it('a host list that lacks more than half of the acknowledged machines releases nothing, and raises an alarm', () => {
    const told = new Told(machines(all));
    told.list(all.slice(0, 3));
    told.answer((id) => (id === all[9] ? 'unacknowledged' : 'acknowledged'));
    told.lists(20, all.slice(0, 3));
    assert.deepEqual([told.reclaimed, told.alarms], [[], ['unrecognizedHostList']]);
    told.lists(3, all.slice(0, 6));
    assert.deepEqual([told.reclaimed, told.alarms], [[all[9]], []]);
  });

  it('more unacknowledged machines than the breaker share are not released, and raise an alarm', () => {
    const many = ids(1, 60);
    const told = new Told(machines(many));
    told.list(many.slice(13));
    told.answer(() => 'unacknowledged');
    told.lists(5, many.slice(13));
    assert.deepEqual([told.reclaimed, told.alarms], [[], ['tooManyUnacknowledged']]);
    told.list(many.slice(12));
    assert.equal(told.reclaimed.length, 12);
    assert.deepEqual(told.alarms, []);
  });

  it('the next run of the monitor continues the count of missed lists', () => {
    const told = new Told(machines(all), {});
    told.list(others);
    told.answer(() => 'unacknowledged');
    told.list(others);
    const carriedState = JSON.parse(JSON.stringify(toCarriedMonitorState(told.state))) as ReturnType<
      typeof toCarriedMonitorState
    >;
    told.state = initialMonitorState({ ...INPUT, carriedState });
    told.learn(swept(machines(all), { rules: RULES }));
    told.list(others);
    assert.deepEqual(told.reclaimed, [lost]);
  });

  it('an incomplete host list, or a worker without the rules, releases nothing', () => {
    const told = new Told(machines(all));
    for (let times = 0; times < 5; times++) told.list(others, { isComplete: false });
    assert.equal(told.signals, 0);
    const old = new Told([]);
    old.state = initialMonitorState(INPUT);
    old.learn(swept(machines(all)));
    old.lists(5, others);
    assert.equal(old.signals, 0);
  });
});

describe('machines without an owner', () => {
  const orphans = (told: Told): number =>
    orphansToAdopt(told.state).flatMap(([, machineIds]) => machineIds).length;
  const fleet = (lost: number, held: number): Told =>
    new Told(
      [
        ...machines(ids(1, lost), { requestId: 'req-lost' }),
        ...machines(ids(1_001, 1_000 + held), { requestId: 'req-held' }),
      ],
      { ownerlessRequests: ['req-lost'] },
    );

  it('orphans are adopted up to a share of the fleet or a small number; more raise an alarm and wait for an operator', () => {
    assert.equal(orphans(fleet(10, 1)), 10);
    assert.equal(orphans(fleet(20, 80)), 20);
    const told = fleet(21, 79);
    assert.deepEqual([orphans(told), told.alarms], [0, ['tooManyOrphans']]);
    told.learn({ type: 'AdoptionForced', requestIds: ['req-lost'] });
    assert.equal(orphans(told), 21);
    told.learn({ type: 'OrphansAdopted', requestIds: ['req-lost'] });
    assert.deepEqual([orphans(told), told.alarms, reportOf(told.state).ownerlessRequests], [0, [], []]);
  });

  it('orphans in a namespace without any owner are adopted only when an operator forces it', () => {
    const told = new Told(machines(ids(1, 2)), { ownerlessRequests: ['req-1'] });
    assert.deepEqual([orphans(told), told.alarms], [0, ['unknownFleet']]);
    assert.deepEqual(reportOf(told.state).ownerlessRequests, [['req-1', 2]]);
    told.learn({ type: 'AdoptionForced', requestIds: ['req-1'] });
    assert.equal(orphans(told), 2);
  });

  it('a request with only a group is adopted, and a request without machines and groups is not', () => {
    const told = new Told(machines(ids(1, 1)), {
      ownerlessRequests: ['req-2', 'req-3'],
      ownerlessWithGroups: ['req-3'],
    });
    assert.deepEqual(orphansToAdopt(told.state), [['req-3', []]]);
  });
});

describe('a deployment', () => {
  it('a deployment belongs to the first cluster that calls; a call of another cluster stops releases and adoptions for an hour', () => {
    const told = new Told(machines(ids(1, 10)), { ownerlessRequests: [] });
    told.list(ids(1, 10), { cluster: 'grid1' });
    told.list(ids(1, 10), { cluster: 'grid1' });
    assert.equal(told.signals, 1);
    const { boundCluster, update } = answerLostHosts(told.state, {
      v: 1,
      at: told.now,
      isComplete: true,
      cluster: 'grid2',
      names: [''],
      ids: ['i-0000000a'],
    });
    assert.deepEqual(
      [boundCluster, update],
      ['grid1', { v: 1, unknownHosts: [], dropped: [], cluster: 'grid2' }],
    );
    told.list([], { cluster: 'grid2' });
    assert.deepEqual(told.alarms, ['foreignCluster']);
    told.list([], { cluster: 'grid2' });
    assert.equal(told.signals, 2, 'it is noted once in a while only');

    told.list(ids(2, 10), { cluster: 'grid1' });
    told.answer(() => 'unacknowledged');
    told.lists(5, ids(2, 10));
    told.learn(swept(machines(ids(1, 10)), { ownerlessRequests: ['req-1'] }));
    assert.deepEqual([told.reclaimed, orphansToAdopt(told.state)], [[], []]);
    told.now += 61 * MINUTE;
    told.learn(swept(machines(ids(1, 10)), { ownerlessRequests: [] }));
    assert.deepEqual([told.alarms, told.reclaimed], [[], ids(1, 1)]);
  });

  it('an empty host list, also before the first read of AWS, binds the deployment to its cluster', () => {
    const told = new Told([]);
    told.state = initialMonitorState(INPUT);
    told.list([], { cluster: 'grid1' });
    assert.equal(told.state.cluster, 'grid1');
  });
});
