import { strict as assert } from 'node:assert';
import type { MachineRow, StatusRow } from '../hostFactory/answers.ts';
import { createBooks, type Books, type Difference } from '../hostFactory/hostTable.ts';
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
function twoHosts(): Books {
  const books = createBooks();
  books.requestAnswered('req-1', 2, T1);
  books.statusRead(row('req-1', 'complete', [succeeded('i-1'), succeeded('i-2')]), T1, T2);
  return books;
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
function differencesOf(books: Books, view: AwsView, inFlight: readonly number[] = []) {
  const { broken, passing } = compare(books, view, inFlight);
  return { broken: shown(broken), passing: shown(passing) };
}
const EQUAL = { broken: [], passing: [] };

describe("hfsim's comparison of Host Factory's books with AWS", () => {
  it('finds nothing where the books are equal', () => {
    assert.deepEqual(differencesOf(twoHosts(), aws(machine('i-1'), machine('i-2'))), EQUAL);
  });

  it('allows machines of a request that is under way', () => {
    const books = createBooks();
    books.requestAnswered('req-1', 2, T1);
    assert.deepEqual(differencesOf(books, aws(machine('i-1'), machine('i-2'))), EQUAL);
  });

  it('finds a leak: alive after its request ended without it', () => {
    const books = createBooks();
    books.requestAnswered('req-1', 2, T1);
    books.statusRead(row('req-1', 'complete', [succeeded('i-1')]), T1, T2);
    assert.deepEqual(differencesOf(books, aws(machine('i-1'), machine('i-2'))), {
      broken: [],
      passing: [['leak', 'i-2']],
    });
  });

  it('finds a lost request: answered as unknown, and its machine is alive', () => {
    const books = createBooks();
    books.requestAnswered('req-1', 1, T1);
    books.statusRead(row('req-1', 'complete_with_error', []), T1, T2);
    assert.deepEqual(differencesOf(books, aws(machine('i-1'))).passing, [['leak', 'i-1']]);
  });

  it('finds a leak of a request that Host Factory never made', () => {
    const found = differencesOf(
      twoHosts(),
      aws(machine('i-1'), machine('i-2'), machine('i-3', { requestId: 'req-9' })),
    );
    assert.deepEqual(found.passing, [['leak', 'i-3']]);
  });

  it('allows, for each call without an answer, one request of its size', () => {
    const books = twoHosts();
    const view = aws(machine('i-1'), machine('i-2'), machine('i-3', { requestId: 'req-9' }));
    assert.deepEqual(differencesOf(books, view, [1]), EQUAL);
    books.requestLost(1);
    assert.deepEqual(differencesOf(books, view), EQUAL);
    const larger = aws(machine('i-3', { requestId: 'req-9' }), machine('i-4', { requestId: 'req-9' }));
    assert.deepEqual(differencesOf(books, larger).passing.slice(0, 2), [
      ['leak', 'i-3'],
      ['leak', 'i-4'],
    ]);
  });

  it('finds a double: more alive at once than were asked for', () => {
    const found = differencesOf(twoHosts(), aws(machine('i-1'), machine('i-2'), machine('i-3')));
    assert.deepEqual(found.broken, [['double', 'req-1']]);
  });

  it('finds a killed bystander: terminated, and nobody gave it back', () => {
    const books = twoHosts();
    books.returnSent(['i-1'], T3);
    const found = differencesOf(
      books,
      aws(machine('i-1', { alive: false }), machine('i-2', { alive: false })),
    );
    assert.deepEqual(found.broken, [['killed', 'i-2']]);
  });

  it('finds a machine that is alive though its return succeeded', () => {
    const books = twoHosts();
    books.returnSent(['i-1'], T2);
    books.returnAnswered('ret-1', ['i-1'], T2);
    books.statusRead(row('ret-1', 'complete', [succeeded('i-1')]), T2, T3);
    assert.deepEqual(differencesOf(books, aws(machine('i-1'), machine('i-2'))).broken, [['leak', 'i-1']]);
  });

  it('finds a host that was taken away and is still believed in', () => {
    const found = differencesOf(
      twoHosts(),
      aws(machine('i-1'), machine('i-2', { alive: false, takenAway: true })),
    );
    assert.deepEqual(found, { broken: [], passing: [['gone', 'i-2']] });
  });

  it('finds a host that is reported as taken away and runs', () => {
    const books = twoHosts();
    books.reclaimed('i-1', T3);
    assert.deepEqual(differencesOf(books, aws(machine('i-1'), machine('i-2'))).broken, [['reclaim', 'i-1']]);
  });

  it('holds nothing against AWS that was learned after AWS was asked', () => {
    const early = { ...aws(machine('i-1')), askedAt: T1 };
    assert.deepEqual(differencesOf(twoHosts(), early), EQUAL);
  });
});

describe("hfsim's books", () => {
  it('find an answer that takes back what was said', () => {
    const books = twoHosts();
    const found = books.statusRead(
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

  it('take no offence at an answer that a later call has overtaken', () => {
    const books = twoHosts();
    assert.deepEqual(books.statusRead(row('req-1', 'running', []), T1, NOW), []);
    assert.equal(books.requests.get('req-1')?.row?.status, 'complete');
  });

  it('find more machines than were asked for, and an end before the end', () => {
    const books = createBooks();
    books.requestAnswered('req-1', 1, T1);
    const machines = [
      succeeded('i-1'),
      succeeded('i-2'),
      { machineId: 'i-3', name: '', result: 'executing' as const },
    ];
    assert.equal(books.statusRead(row('req-1', 'complete', machines), T1, T2).length, 2);
  });

  it('keep a host whose return failed, to be given back again', () => {
    const books = twoHosts();
    books.returnSent(['i-1', 'i-2'], T2);
    books.returnAnswered('ret-1', ['i-1', 'i-2'], T2);
    const failed = { machineId: 'i-2', name: '', result: 'fail' as const, message: 'protected' };
    books.statusRead(row('ret-1', 'complete_with_error', [succeeded('i-1'), failed]), T2, T3);
    const [first, second] = ['i-1', 'i-2'].map((id) => books.hosts.get(id));
    assert.equal(first?.state, 'released');
    assert.deepEqual([second?.state, second?.returnAgain], ['provisioned', true]);
  });
});
