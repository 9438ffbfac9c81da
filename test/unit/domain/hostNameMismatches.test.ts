import assert from 'node:assert/strict';
import { alarmsOf } from '../../../domain/monitor/alarms.ts';
import { toCarriedMonitorState, initialMonitorState } from '../../../domain/monitor/continueAsNewState.ts';
import { answerLostHosts } from '../../../domain/monitor/lostHosts.ts';
import { reduceMonitor } from '../../../domain/monitor/reducer.ts';
import { packObservations, type FleetObservation } from '../../../domain/monitor/observation.ts';
import type { MonitorState } from '../../../domain/monitor/state.ts';

const input = { v: 1, deployment: 'test', provider: 'awsinst' } as const;

function swept(...machines: readonly Partial<FleetObservation>[]): MonitorState {
  const fleet = machines.map((machine, index) => ({
    machineId: `i-0000000${index}`,
    name: `ip-10-0-0-${index}.ec2.internal`,
    launchTime: 1,
    state: 'running' as const,
    requestId: 'req-1',
    interruptionAt: 0,
    reason: '',
    ...machine,
  }));
  const result = {
    snapshotId: 't',
    isFullSnapshot: true,
    hasMore: false,
    observations: packObservations(fleet),
  };
  return reduceMonitor(initialMonitorState(input, 0), { type: 'SweepCompleted', result }, 1_000);
}

/** Answers a host list of Host Factory, and signals its changes to the monitor. */
function sendHostList(
  state: MonitorState,
  hosts: readonly (readonly [id: string, name: string])[],
  isComplete = true,
) {
  const names = hosts.map(([, name]) => name);
  const answer = answerLostHosts(state, { v: 1, at: 2_000, isComplete, names, ids: hosts.map(([id]) => id) });
  const { update } = answer;
  const next = update ? reduceMonitor(state, { type: 'HostListUpdated', update }, 2_000) : state;
  return { answer, next };
}

describe("Host Factory's names for machines", () => {
  it('a name that differs only in case, or lacks the domain, is no mismatch', () => {
    const { answer } = sendHostList(swept({}, {}), [
      ['i-00000000', 'IP-10-0-0-0.ec2.internal'],
      ['i-00000001', 'ip-10-0-0-1'],
    ]);
    assert.equal(answer.update, undefined);
  });

  it('a different name raises an alarm until the names agree or Host Factory no longer lists the host', () => {
    const hosts: [string, string][] = [
      ['i-00000000', 'EC2AMAZ-1ABCDEF'],
      ['i-00000001', 'ip-10-0-0-1.ec2.internal'],
    ];
    const { next } = sendHostList(swept({}, {}), hosts);
    const [alarm] = alarmsOf(next);
    assert.equal(alarm?.code, 'hostNameMismatches');
    assert.match(
      alarm.message,
      /for 1 machines, e\.g\. 'EC2AMAZ-1ABCDEF' for i-00000000.* as 'ip-10-0-0-0\.ec2/,
    );
    assert.equal(sendHostList(next, hosts).answer.update, undefined, 'reported once');
    assert.deepEqual(
      alarmsOf(initialMonitorState({ ...input, carriedState: toCarriedMonitorState(next) }, 0)),
      [alarm],
    );

    assert.deepEqual(alarmsOf(sendHostList(next, [['i-00000000', 'ip-10-0-0-0']]).next), []);
    assert.deepEqual(
      alarmsOf(sendHostList(next, hosts.slice(1), false).next),
      [alarm],
      'an incomplete list does not end the alarm',
    );
    assert.deepEqual(alarmsOf(sendHostList(next, hosts.slice(1)).next), []);
  });

  it('the monitor records a limited number of name mismatches', () => {
    const state = swept(
      ...Array.from({ length: 300 }, (_, index) => ({ machineId: `i-${10_000_000 + index}` })),
    );
    const hosts = [...state.liveMachines.keys()].map((id): [string, string] => [id, `other-${id}`]);
    let { next } = sendHostList(state, hosts);
    for (let again = 0; again < 3; again++) ({ next } = sendHostList(next, hosts));
    assert.equal(next.hostNameMismatches.size, 100);
  });
});

describe('a host that Host Factory knows by its name alone', () => {
  const shuttingDown = {
    name: 'ip-0A000001.grid.example.com',
    state: 'shutting-down',
    requestId: '',
  } as const;
  const lostCount = (state: MonitorState, name: string) =>
    sendHostList(state, [['', name]]).answer.lost.length;

  it('a lost host that is listed by name alone is found by every form of the name', () => {
    const state = swept(shuttingDown);
    for (const name of ['ip-0a000001', 'IP-0A000001.GRID.EXAMPLE.COM', 'IP-0A000001'])
      assert.equal(lostCount(state, name), 1);
    for (const name of ['ip-0A000001.ec2.internal', 'ip-0A000002', ''])
      assert.equal(lostCount(state, name), 0);
  });

  it('a host that is listed by name alone is not lost if a live machine has the name', () => {
    assert.equal(lostCount(swept(shuttingDown, { name: 'ip-0A000001.GRID.example.com' }), 'ip-0a000001'), 0);
  });
});
