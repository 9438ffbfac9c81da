import { strict as assert } from 'node:assert';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '../../../activities/storage/openStore.ts';
import {
  COLUMNS,
  TABLES,
  type Change,
  type Query,
  type Rows,
  type Store,
  type Table,
} from '../../../activities/storage/store.ts';
import { seeded } from '../../fixtures/random.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import {
  aMachineRecord,
  anEvent,
  anEventRecord,
  aRequestRecord,
  aTemplateRecord,
} from '../../fixtures/recordBuilders.ts';

const STORES = ['json', 'sqlite'] as const;
const never = (damage: unknown): never => assert.fail(JSON.stringify(damage));

describe('the stores', () => {
  let folder: Scratch;
  beforeEach(async () => {
    folder = await scratch();
  });
  afterEach(() => folder.remove());
  const at = (type: string): string => join(folder.directory, type);
  const opened = (type: 'json' | 'sqlite', onDamage: (damage: unknown) => void = never) =>
    openStore({ type, directory: at(type) }, onDamage);

  it('both stores give the same answers after the same 2,000 random operations, also after a reopen', async () => {
    const random = seeded(7);
    const stores = await Promise.all(STORES.map((type) => opened(type)));
    for (let operation = 0; operation < 2_000; operation++) {
      if (operation % 100 === 99) {
        const before = random.below(5_000);
        const pruned = await Promise.all(stores.map((store) => store.prune(before)));
        assert.equal(pruned[0], pruned[1]);
      } else if (operation % 4 === 0) {
        await assertSame(stores, randomQuery(random));
      } else {
        const changes = Array.from({ length: 1 + random.below(3) }, () => randomChange(random));
        const isNew = ({ get }: Rows, change: Change): boolean =>
          'put' in change && !get(change.table, change.put.id);
        await Promise.all(
          stores.map((store) =>
            operation % 4 === 1
              ? store.commitWith((rows) => changes.filter((change) => isNew(rows, change)))
              : store.commit(changes),
          ),
        );
      }
    }
    await Promise.all(stores.map((store) => store.close()));
    const again = await Promise.all(STORES.map((type) => opened(type)));
    for (const table of TABLES) {
      const [json] = await assertSame(again, { table, query: {} });
      assert.ok((json?.rows.length ?? 0) > 10, table);
    }
    await Promise.all(again.map((store) => store.close()));
  });

  for (const type of STORES) {
    describe(type, () => {
      it(`a ${type} store pages through every row once, even if many have the same time`, async () => {
        const store = await opened(type);
        const ids = Array.from({ length: 25 }, (_, index) => `i-${String(index).padStart(2, '0')}`);
        await store.commit(ids.map((id) => ({ table: 'machines', put: aMachineRecord(id) })));
        const listed: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.list('machines', {
            limit: 10,
            newestFirst: true,
            ...(after === undefined ? {} : { after }),
          });
          listed.push(...page.rows.map(({ id }) => id));
          after = page.next;
        } while (after !== undefined);
        assert.deepEqual(listed, ids.toReversed());
        await store.close();
      });

      it(`a ${type} store shows each process what others write and keeps all writes`, async () => {
        const [one, two] = await Promise.all([opened(type), opened(type)]);
        const put = (id: string): readonly Change[] => [{ table: 'machines', put: aMachineRecord(id) }];
        await Promise.all(
          Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).commit(put(`i-${index}`))),
        );
        assert.equal((await one.list('machines')).rows.length, 20);
        assert.deepEqual(await two.list('machines'), await one.list('machines'));
        await Promise.all([one.close(), two.close()]);
      });

      it(`a ${type} store admits no other write between the reads and the writes of commitWith`, async () => {
        const stores = await Promise.all([opened(type), opened(type)]);
        const countUp = (store: Store): Promise<void> =>
          store.commitWith(({ get }) => [
            {
              table: 'machines',
              put: aMachineRecord('i-1', { units: (get('machines', 'i-1')?.units ?? 0) + 1 }),
            },
          ]);
        await Promise.all(Array.from({ length: 20 }, () => stores.map(countUp)).flat());
        assert.equal((await stores[0].get('machines', 'i-1'))?.units, 40);
        await Promise.all(stores.map((store) => store.close()));
      });

      it(`a deleted ${type} store is recreated and shared by its processes`, async () => {
        const store = await opened(type);
        const put = (id: string): readonly Change[] => [{ table: 'machines', put: aMachineRecord(id) }];
        await store.commit(put('i-1'));
        await rm(at(type), { recursive: true });
        await store.commit(put('i-2'));
        const other = await opened(type);
        await store.commit(put('i-3'));
        assert.deepEqual(
          (await other.list('machines')).rows.map(({ id }) => id),
          ['i-2', 'i-3'],
        );
        await Promise.all([store.close(), other.close()]);
      });

      it(`a ${type} store sets a damaged file aside, reports it and continues`, async () => {
        const store = await opened(type);
        for (const id of ['i-1', 'i-2', 'i-3']) {
          await store.commit([{ table: 'machines', put: aMachineRecord(id) }]);
        }
        await store.close();
        // The file itself comes last: SQLite's helper files, which it is repaired from, may be deleted soon after the close.
        for (const name of (await readdir(at(type))).toSorted().toReversed()) {
          if (name.endsWith('.lock')) continue;
          const bytes = await readFile(join(at(type), name)).catch(() => undefined);
          if (!bytes) continue;
          if (type === 'json') bytes[bytes.indexOf('i-2')] = 0;
          else bytes.fill(7);
          await writeFile(join(at(type), name), bytes);
        }
        const reports: unknown[] = [];
        const reopened = await opened(type, (damage) => reports.push(damage));
        assert.equal(reports.length, 1);
        assert.equal(
          (await readdir(at(type))).filter((name) => /damaged-[^-]+-[^-]+-[^-]+$/.test(name)).length,
          1,
        );
        const left = (await reopened.list('machines')).rows.map(({ id }) => id);
        assert.deepEqual(left, type === 'json' ? ['i-1', 'i-3'] : []);
        await reopened.commit([{ table: 'machines', put: aMachineRecord('i-4') }]);
        assert.ok(await reopened.get('machines', 'i-4'));
        await reopened.close();
        await (await opened(type)).close();
      });
    });
  }

  it('a JSON store with a partial last line loses that write only', async () => {
    const store = await opened('json');
    await store.commit([{ table: 'machines', put: aMachineRecord('i-1') }]);
    await store.commit([{ table: 'machines', put: aMachineRecord('i-2') }]);
    await store.close();
    const file = join(at('json'), 'store.jsonl');
    await writeFile(file, (await readFile(file)).subarray(0, -20));
    const again = await opened('json');
    await again.commit([{ table: 'machines', put: aMachineRecord('i-3') }]);
    assert.deepEqual(
      (await again.list('machines')).rows.map(({ id }) => id),
      ['i-1', 'i-3'],
    );
    await again.close();
  });

  it('a JSON store is compacted as rows are overwritten, and another process follows', async () => {
    const [store, reader] = await Promise.all([opened('json'), opened('json')]);
    const changes = Array.from({ length: 1_000 }, (_, index): Change => ({
      table: 'machines',
      put: aMachineRecord(`i-${index % 10}`, { at: index }),
    }));
    for (let round = 0; round < 20; round++) await store.commit(changes);
    const { size } = await stat(join(at('json'), 'store.jsonl'));
    assert.ok(size < 6_000 * JSON.stringify(changes[0]).length, `${size} bytes`);
    assert.equal((await reader.list('machines')).rows.length, 10);
    await Promise.all([store.close(), reader.close()]);
  });

  it('a database with a newer schema is not changed', async () => {
    const store = await opened('sqlite');
    await store.close();
    const { default: Database } = await import('libsql');
    const database = new Database(join(at('sqlite'), 'store.db'));
    database.exec('pragma user_version = 99');
    database.close();
    await assert.rejects(opened('sqlite'), /version 99/);
  });
});

interface Asked {
  readonly table: Table;
  readonly query: Query<Table>;
}

async function assertSame(stores: readonly Store[], { table, query }: Asked) {
  const pages = await Promise.all(stores.map((store) => store.list(table, query)));
  assert.deepEqual(pages[0], pages[1], JSON.stringify({ table, query }));
  return pages;
}

type Random = ReturnType<typeof seeded>;

function randomChange(random: Random): Change {
  const table = random.pick(TABLES);
  const id = `${random.pick(['a', 'B', 'ä', '_'])}${random.below(40)}`;
  if (random.below(6) === 0) return { table, remove: id };
  const at = random.below(5_000);
  const provider = random.pick(['one', 'two']);
  const endedAt = random.below(2) * random.below(5_000);
  switch (table) {
    case 'templates':
      return { table, put: aTemplateRecord(id, { at, provider }) };
    case 'requests':
      return {
        table,
        put: aRequestRecord(id, { at, provider, endedAt, status: random.pick(['running', 'complete']) }),
      };
    case 'machines':
      return {
        table,
        put: aMachineRecord(id, { at, provider, endedAt, release: random.pick(['held', 'terminated']) }),
      };
    case 'events':
      return { table, put: { ...anEventRecord(anEvent('req-1', 1, at)), id, at, provider } };
  }
}

function randomQuery(random: Random): Asked {
  const table = random.pick(TABLES);
  const [column] = random.pick(COLUMNS[table]).split(' ');
  const value = random.pick(['one', 'two', 'complete', 'gone', 'demo', 'req-1', 'LaunchOverdue', '']);
  return {
    table,
    query: {
      ...(random.below(2) === 0 && column ? { where: { [column]: value } } : {}),
      ...(random.below(3) === 0 ? { from: random.below(3_000) } : {}),
      ...(random.below(3) === 0 ? { to: random.below(5_000) } : {}),
      ...(random.below(2) === 0 ? { limit: random.below(10) } : {}),
      ...(random.below(3) === 0 ? { after: `${random.below(5_000)} B20` } : {}),
      newestFirst: random.below(2) === 0,
    },
  };
}
