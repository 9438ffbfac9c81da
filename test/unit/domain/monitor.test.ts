import { strict as assert } from 'node:assert';
import { alarmsOf, reportOf } from '../../../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { answerLostHosts } from '../../../domain/monitor/lostHosts.ts';
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
/** Every machine is an hour old when a test begins, unless the test sets its launch time. */
const START = 1_700_000_000 * SECOND;
const RULES: UnacknowledgedRules = { maxMissedLists: 3, minAgeMs: 20 * MINUTE, breakerShare: 0.2 };
const INPUT: MonitorInput = { v: 1, deployment: 'test', provider: 'awsinst' };

/** A monitor that receives host lists as from the command line, at a time that the test sets. */
class MonitorHarness {
  state: MonitorState;
  now = START;
  signals = 0;

  constructor(machines: readonly Partial<FleetObservation>[], sweep: Partial<SweepResult> = {}) {
    this.state = initialMonitorState(INPUT, START);
    this.learn(swept(machines, { rules: RULES, ownerlessRequests: [], ...sweep }));
  }

  learn(fact: MonitorFact): void {
    this.state = reduceMonitor(this.state, fact, this.now);
  }

  /** One list of Host Factory, half a minute after the last one. */
  list(ids: readonly string[], query: Partial<LostHostsQuery> = {}): HostListUpdate | undefined {
    this.now += 30 * SECOND;
    const hosts = { v: 1, at: this.now, isComplete: true, ids, names: ids.map(() => ''), ...query } as const;
    const { update } = answerLostHosts(this.state, hosts);
    if (update) {
      this.signals += 1;
      this.learn({ type: 'HostListUpdated', update });
    }
    return update;
  }

  lists(times: number, ids: readonly string[]): void {
    for (let time = 0; time < times; time++) this.list(ids);
  }

  /** Reports the ownership status of the machines that the monitor queries. */
  answer(status: (machineId: string) => OwnershipStatus | 'silent'): void {
    const queried = unlistedMachinesToQuery(this.state, this.now).map(({ machineId }) => machineId);
    this.learn({ type: 'UnlistedMachinesQueried', statuses: queried.map((id) => [id, status(id)] as const) });
  }

  get toRelease(): readonly string[] {
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
  const observations = machines.map((machine): FleetObservation => ({
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
      observations: packObservations(observations),
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
    const harness = new MonitorHarness(machines(all));
    harness.lists(100, all);
    assert.equal(harness.signals, 0, 'a complete list is not signalled');
    harness.list(others);
    assert.deepEqual(
      unlistedMachinesToQuery(harness.state, harness.now).map(({ machineId }) => machineId),
      [lost],
    );
    harness.answer(() => 'unacknowledged');
    harness.list(others);
    assert.deepEqual(harness.toRelease, []);
    harness.list(others);
    assert.deepEqual(harness.toRelease, [lost]);
    assert.equal(nextActionAt(harness.state), 0);
    harness.learn({ type: 'ReleaseRequested', machineIds: [lost] });
    assert.deepEqual([harness.toRelease, nextActionAt(harness.state)], [[], undefined]);
    harness.learn(swept(machines(others)));
    assert.equal(harness.state.unlistedMachines.size, 0);
  });

  it('an unacknowledged machine is released because of host lists, never because of elapsed time', () => {
    const harness = new MonitorHarness(machines(all));
    harness.list(others);
    harness.answer(() => 'unacknowledged');
    harness.list(others);
    harness.now += 6 * MINUTE;
    harness.list(others);
    assert.deepEqual(harness.toRelease, [], 'after a gap the count begins again');
    harness.lists(2, others);
    assert.deepEqual(harness.toRelease, [lost]);
  });

  it('an unacknowledged machine is not released if one host list in between has it, by id or by name', () => {
    for (const named of [
      { ids: all },
      { ids: [...others, ''], names: [...others, `${lost}.EC2.internal`] },
    ]) {
      const harness = new MonitorHarness(machines(all));
      harness.list(others);
      harness.answer(() => 'unacknowledged');
      harness.list(others);
      assert.ok(harness.list(all, named), 'a machine that is listed again is signalled');
      harness.lists(2, others);
      harness.answer(() => 'unacknowledged');
      assert.deepEqual(harness.toRelease, []);
      harness.list(others);
      assert.deepEqual(harness.toRelease, [lost]);
    }
  });

  it('concurrent or reordered host lists count once for an unacknowledged machine', () => {
    const harness = new MonitorHarness(machines(all));
    harness.list(others);
    harness.answer(() => 'unacknowledged');
    const at = harness.now;
    for (const ago of [0, 1, 2, 60]) harness.list(others, { at: at - ago * SECOND });
    assert.equal(harness.state.unlistedMachines.get(lost)?.missedLists, 1);
  });

  it('a machine that is too young or terminating is not missed in a host list', () => {
    const young = { machineId: lost, launchTime: START / SECOND - 60 };
    const harness = new MonitorHarness([...machines(others), young]);
    harness.lists(10, others);
    assert.equal(harness.signals, 0);
    harness.now = START + 20 * MINUTE;
    assert.ok(harness.list(others));
    const leaving = new MonitorHarness([...machines(others), { machineId: lost, state: 'shutting-down' }]);
    leaving.lists(10, others);
    assert.equal(leaving.signals, 0);
  });

  it('the count of missed lists restarts when a host list shrinks by more than the breaker share', () => {
    const harness = new MonitorHarness(machines(all));
    harness.list([...others, ...ids(20, 29)]);
    harness.answer(() => 'unacknowledged');
    harness.lists(1, [...others, ...ids(20, 29)]);
    harness.list(others);
    assert.deepEqual(harness.toRelease, []);
    assert.equal(harness.state.unlistedMachines.get(lost)?.missedLists, 1);
  });

  for (const status of ['acknowledged', 'released'] as const) {
    it(`a machine that its owner reports as ${status} is not released, and causes no further signal`, () => {
      const harness = new MonitorHarness(machines(all));
      harness.list(others);
      harness.answer(() => status);
      harness.lists(20, others);
      assert.deepEqual([harness.toRelease, harness.signals], [[], 1]);
      assert.deepEqual(
        reportOf(harness.state).unlistedMachines.map(({ machineId, isAcknowledged }) => [
          machineId,
          isAcknowledged,
        ]),
        status === 'acknowledged' ? [[lost, true]] : [],
      );
    });
  }

  it('an unlisted machine is queried again while its owner does not answer or has no status yet', () => {
    for (const status of ['silent', 'booting', 'unknown'] as const) {
      const harness = new MonitorHarness(machines(all));
      harness.list(others);
      harness.answer(() => status);
      harness.lists(5, others);
      assert.deepEqual([harness.toRelease, unlistedMachinesToQuery(harness.state, harness.now)], [[], []]);
      harness.now += 5 * MINUTE;
      harness.answer(() => 'unacknowledged');
      harness.lists(3, others);
      assert.deepEqual(harness.toRelease, [lost]);
    }
  });

  it('an empty host list releases nothing, and raises an alarm that names the machines', () => {
    const harness = new MonitorHarness(machines(all.slice(0, 2)));
    harness.list([]);
    harness.answer(() => 'unacknowledged');
    harness.lists(20, []);
    assert.deepEqual([harness.toRelease, harness.alarms], [[], ['emptyHostList']]);
    assert.match(alarmsOf(harness.state)[0]?.message ?? '', /i-00000001, i-00000002/);
    assert.ok(harness.signals < 10, `an empty list is not signalled every time: ${harness.signals} signals`);
    harness.list([...ids(50, 51)]);
    assert.deepEqual(harness.alarms, []);
    harness.lists(2, ids(50, 51));
    assert.deepEqual(
      harness.toRelease,
      all.slice(0, 2),
      'a list that can be trusted counts from its first on',
    );
  });

  it('a host list that lacks more than half of the acknowledged machines releases nothing, and raises an alarm', () => {
    const harness = new MonitorHarness(machines(all));
    harness.list(all.slice(0, 3));
    harness.answer((id) => (id === all[9] ? 'unacknowledged' : 'acknowledged'));
    harness.lists(20, all.slice(0, 3));
    assert.deepEqual([harness.toRelease, harness.alarms], [[], ['unrecognizedHostList']]);
    harness.lists(3, all.slice(0, 6));
    assert.deepEqual([harness.toRelease, harness.alarms], [[all[9]], []]);
  });

  it('more unacknowledged machines than the breaker share are not released, and raise an alarm', () => {
    const many = ids(1, 60);
    const harness = new MonitorHarness(machines(many));
    harness.list(many.slice(13));
    harness.answer(() => 'unacknowledged');
    harness.lists(5, many.slice(13));
    assert.deepEqual([harness.toRelease, harness.alarms], [[], ['tooManyUnacknowledged']]);
    harness.list(many.slice(12));
    assert.equal(harness.toRelease.length, 12);
    assert.deepEqual(harness.alarms, []);
  });

  it('the next run of the monitor continues the count of missed lists', () => {
    const harness = new MonitorHarness(machines(all), {});
    harness.list(others);
    harness.answer(() => 'unacknowledged');
    harness.list(others);
    const carriedState = JSON.parse(JSON.stringify(toCarriedMonitorState(harness.state))) as ReturnType<
      typeof toCarriedMonitorState
    >;
    harness.state = initialMonitorState({ ...INPUT, carriedState }, START);
    harness.learn(swept(machines(all), { rules: RULES }));
    harness.list(others);
    assert.deepEqual(harness.toRelease, [lost]);
  });

  it('an incomplete host list, or a worker without the rules, releases nothing', () => {
    const harness = new MonitorHarness(machines(all));
    for (let times = 0; times < 5; times++) harness.list(others, { isComplete: false });
    assert.equal(harness.signals, 0);
    const old = new MonitorHarness([]);
    old.state = initialMonitorState(INPUT, START);
    old.learn(swept(machines(all)));
    old.lists(5, others);
    assert.equal(old.signals, 0);
  });
});

describe('machines without an owner', () => {
  const orphans = (harness: MonitorHarness): number =>
    orphansToAdopt(harness.state).flatMap(([, machineIds]) => machineIds).length;
  const fleet = (lost: number, held: number): MonitorHarness =>
    new MonitorHarness(
      [
        ...machines(ids(1, lost), { requestId: 'req-lost' }),
        ...machines(ids(1_001, 1_000 + held), { requestId: 'req-held' }),
      ],
      { ownerlessRequests: ['req-lost'] },
    );

  it('orphans are adopted up to a share of the fleet or a small number; more raise an alarm and wait for an operator', () => {
    assert.equal(orphans(fleet(10, 1)), 10);
    assert.equal(orphans(fleet(20, 80)), 20);
    const harness = fleet(21, 79);
    assert.deepEqual([orphans(harness), harness.alarms], [0, ['tooManyOrphans']]);
    harness.learn({ type: 'AdoptionForced', requestIds: ['req-lost'] });
    assert.equal(orphans(harness), 21);
    harness.learn({ type: 'OrphansAdopted', requestIds: ['req-lost'] });
    assert.deepEqual(
      [orphans(harness), harness.alarms, reportOf(harness.state).ownerlessRequests],
      [0, [], []],
    );
  });

  it('orphans in a namespace without any owner are adopted only when an operator forces it', () => {
    const harness = new MonitorHarness(machines(ids(1, 2)), { ownerlessRequests: ['req-1'] });
    assert.deepEqual([orphans(harness), harness.alarms], [0, ['unknownFleet']]);
    assert.deepEqual(reportOf(harness.state).ownerlessRequests, [['req-1', 2]]);
    harness.learn({ type: 'AdoptionForced', requestIds: ['req-1'] });
    assert.equal(orphans(harness), 2);
  });

  it('a request with only a group is adopted, and a request without machines and groups is not', () => {
    const harness = new MonitorHarness(machines(ids(1, 1)), {
      ownerlessRequests: ['req-2', 'req-3'],
      ownerlessWithGroups: ['req-3'],
    });
    assert.deepEqual(orphansToAdopt(harness.state), [['req-3', []]]);
  });
});

describe('a deployment', () => {
  it('a deployment belongs to the first cluster that calls; a call of another cluster stops releases and adoptions for an hour', () => {
    const harness = new MonitorHarness(machines(ids(1, 10)), { ownerlessRequests: [] });
    harness.list(ids(1, 10), { cluster: 'grid1' });
    harness.list(ids(1, 10), { cluster: 'grid1' });
    assert.equal(harness.signals, 1);
    const { boundCluster, update } = answerLostHosts(harness.state, {
      v: 1,
      at: harness.now,
      isComplete: true,
      cluster: 'grid2',
      names: [''],
      ids: ['i-0000000a'],
    });
    assert.deepEqual(
      [boundCluster, update],
      ['grid1', { v: 1, unknownHosts: [], dropped: [], cluster: 'grid2' }],
    );
    harness.list([], { cluster: 'grid2' });
    assert.deepEqual(harness.alarms, ['foreignCluster']);
    harness.list([], { cluster: 'grid2' });
    assert.equal(harness.signals, 2, 'it is noted once in a while only');

    harness.list(ids(2, 10), { cluster: 'grid1' });
    harness.answer(() => 'unacknowledged');
    harness.lists(5, ids(2, 10));
    harness.learn(swept(machines(ids(1, 10)), { ownerlessRequests: ['req-1'] }));
    assert.deepEqual([harness.toRelease, orphansToAdopt(harness.state)], [[], []]);
    harness.now += 61 * MINUTE;
    harness.learn(swept(machines(ids(1, 10)), { ownerlessRequests: [] }));
    assert.deepEqual([harness.alarms, harness.toRelease], [[], ids(1, 1)]);
  });

  it('an empty host list, also before the first read of AWS, binds the deployment to its cluster', () => {
    const harness = new MonitorHarness([]);
    harness.state = initialMonitorState(INPUT, START);
    harness.list([], { cluster: 'grid1' });
    assert.equal(harness.state.cluster, 'grid1');
  });
});
