import { strict as assert } from 'node:assert';
import type { MachineRow, StatusRow } from '../hostFactory/answers.ts';
import { createHostTable, type HostTable, type Difference } from '../hostFactory/hostTable.ts';
import { compare, type AwsMachine, type AwsView } from './compare.ts';

const [T1, T2, T3, NOW] = [1_000, 2_000, 3_000, 10_000] as const;

const succeeded = (machineId: string): MachineRow => ({
  machineId,
  name: `${machineId}.internal`,
  result: 'succeed',
  privateIpAddress: '10.0.0.1',
  launchtime: 1_700_000_000,
});

const row = (requestId: string, status: StatusRow['status'], machines: readonly MachineRow[]): StatusRow => ({
  requestId,
  status,
  message: '',
  machines: [...machines],
});

/** One request of two machines, answered for good. */
function twoHosts(): HostTable {
  const hostTable = createHostTable();
  hostTable.requestAnswered('req-1', 2, T1);
  hostTable.statusRead(row('req-1', 'complete', [succeeded('i-1'), succeeded('i-2')]), T1, T2);
  return hostTable;
}

function machine(machineId: string, fields: Partial<AwsMachine> = {}): AwsMachine {
  return { machineId, requestId: 'req-1', alive: true, takenAway: false, ...fields };
}

function aws(...machines: readonly AwsMachine[]): AwsView {
  const peaks = new Map<string, number>();
  for (const { requestId } of machines) {
    if (requestId !== undefined) peaks.set(requestId, (peaks.get(requestId) ?? 0) + 1);
  }
  return { askedAt: NOW, machines: new Map(machines.map((each) => [each.machineId, each])), peaks };
}

const shown = (differences: readonly Difference[]) => differences.map(({ kind, subject }) => [kind, subject]);

/** Everything that differs, by kind and subject. */
function differencesOf(hostTable: HostTable, view: AwsView, inFlight: readonly number[] = []) {
  const { broken, passing } = compare(hostTable, view, inFlight);
  return { broken: shown(broken), passing: shown(passing) };
}
const EQUAL = { broken: [], passing: [] };

describe("hfsim's comparison of Host Factory's host table with AWS", () => {
  it('the comparison finds nothing if the host table equals AWS', () => {
    assert.deepEqual(differencesOf(twoHosts(), aws(machine('i-1'), machine('i-2'))), EQUAL);
  });

  it('the comparison allows machines of an open request', () => {
    const hostTable = createHostTable();
    hostTable.requestAnswered('req-1', 2, T1);
    assert.deepEqual(differencesOf(hostTable, aws(machine('i-1'), machine('i-2'))), EQUAL);
  });

  it('the comparison finds a leak: a machine alive after its request ended without it', () => {
    const hostTable = createHostTable();
    hostTable.requestAnswered('req-1', 2, T1);
    hostTable.statusRead(row('req-1', 'complete', [succeeded('i-1')]), T1, T2);
    assert.deepEqual(differencesOf(hostTable, aws(machine('i-1'), machine('i-2'))), {
      broken: [],
      passing: [['leak', 'i-2']],
    });
  });

  it('the comparison finds a lost request: reported as unknown, and its machine is alive', () => {
    const hostTable = createHostTable();
    hostTable.requestAnswered('req-1', 1, T1);
    hostTable.statusRead(row('req-1', 'complete_with_error', []), T1, T2);
    assert.deepEqual(differencesOf(hostTable, aws(machine('i-1'))).passing, [['leak', 'i-1']]);
  });

  it('the comparison finds a leak of a request that Host Factory never made', () => {
    const found = differencesOf(
      twoHosts(),
      aws(machine('i-1'), machine('i-2'), machine('i-3', { requestId: 'req-9' })),
    );
    assert.deepEqual(found.passing, [['leak', 'i-3']]);
  });

  it('the comparison allows one request of the same size for each call without an answer', () => {
    const hostTable = twoHosts();
    const view = aws(machine('i-1'), machine('i-2'), machine('i-3', { requestId: 'req-9' }));
    assert.deepEqual(differencesOf(hostTable, view, [1]), EQUAL);
    hostTable.requestLost(1);
    assert.deepEqual(differencesOf(hostTable, view), EQUAL);
    const larger = aws(machine('i-3', { requestId: 'req-9' }), machine('i-4', { requestId: 'req-9' }));
    assert.deepEqual(differencesOf(hostTable, larger).passing.slice(0, 2), [
      ['leak', 'i-3'],
      ['leak', 'i-4'],
    ]);
  });

  it('the comparison finds a double: more machines alive at once than requested', () => {
    const found = differencesOf(twoHosts(), aws(machine('i-1'), machine('i-2'), machine('i-3')));
    assert.deepEqual(found.broken, [['double', 'req-1']]);
  });

  it('the comparison finds a killed machine: terminated, and never returned', () => {
    const hostTable = twoHosts();
    hostTable.returnSent(['i-1'], T3);
    const found = differencesOf(
      hostTable,
      aws(machine('i-1', { alive: false }), machine('i-2', { alive: false })),
    );
    assert.deepEqual(found.broken, [['killed', 'i-2']]);
  });

  it('the comparison finds a machine that is alive though its return succeeded', () => {
    const hostTable = twoHosts();
    hostTable.returnSent(['i-1'], T2);
    hostTable.returnAnswered('ret-1', ['i-1'], T2);
    hostTable.statusRead(row('ret-1', 'complete', [succeeded('i-1')]), T2, T3);
    assert.deepEqual(differencesOf(hostTable, aws(machine('i-1'), machine('i-2'))).broken, [['leak', 'i-1']]);
  });

  it('the comparison finds a host in the table that somebody terminated', () => {
    const found = differencesOf(
      twoHosts(),
      aws(machine('i-1'), machine('i-2', { alive: false, takenAway: true })),
    );
    assert.deepEqual(found, { broken: [], passing: [['gone', 'i-2']] });
  });

  it('the comparison finds a running host that is reported as lost', () => {
    const hostTable = twoHosts();
    hostTable.reclaimed('i-1', T3);
    assert.deepEqual(differencesOf(hostTable, aws(machine('i-1'), machine('i-2'))).broken, [
      ['reclaim', 'i-1'],
    ]);
  });

  it('the comparison ignores what Host Factory learned after AWS was read', () => {
    const early = { ...aws(machine('i-1')), askedAt: T1 };
    assert.deepEqual(differencesOf(twoHosts(), early), EQUAL);
  });
});

describe("hfsim's host table", () => {
  it('the host table finds an answer that contradicts an earlier one', () => {
    const hostTable = twoHosts();
    const found = hostTable.statusRead(
      row('req-1', 'running', [{ ...succeeded('i-1'), name: 'other' }]),
      T3,
      NOW,
    );
    assert.deepEqual(shown(found), [
      ['answer', 'i-1'],
      ['answer', 'i-2'],
      ['answer', 'req-1'],
    ]);
  });

  it('the host table accepts an answer that a later call has overtaken', () => {
    const hostTable = twoHosts();
    assert.deepEqual(hostTable.statusRead(row('req-1', 'running', []), T1, NOW), []);
    assert.equal(hostTable.requests.get('req-1')?.row?.status, 'complete');
  });

  it('the host table finds more machines than requested, and a premature end', () => {
    const hostTable = createHostTable();
    hostTable.requestAnswered('req-1', 1, T1);
    const machines = [
      succeeded('i-1'),
      succeeded('i-2'),
      { machineId: 'i-3', name: '', result: 'executing' as const },
    ];
    assert.equal(hostTable.statusRead(row('req-1', 'complete', machines), T1, T2).length, 2);
  });

  it('the host table keeps a host whose return failed, to return it again', () => {
    const hostTable = twoHosts();
    hostTable.returnSent(['i-1', 'i-2'], T2);
    hostTable.returnAnswered('ret-1', ['i-1', 'i-2'], T2);
    const failed = { machineId: 'i-2', name: '', result: 'fail' as const, message: 'protected' };
    hostTable.statusRead(row('ret-1', 'complete_with_error', [succeeded('i-1'), failed]), T2, T3);
    const [first, second] = ['i-1', 'i-2'].map((id) => hostTable.hosts.get(id));
    assert.equal(first?.state, 'released');
    assert.deepEqual([second?.state, second?.returnAgain], ['provisioned', true]);
  });
});
