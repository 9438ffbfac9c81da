import { join } from 'node:path';
import { openJournal, type Damage, type Fold } from './journal.ts';
import {
  endOf,
  pageOf,
  parseCursor,
  TABLES,
  type Change,
  type Query,
  type Store,
  type Table,
  type Tables,
} from './store.ts';

/** Changes in one line of a journal that is written anew. */
const SNAPSHOT_LINE = 500;

type Row = Tables[Table];

/** The store without a database: all of it in memory, and on disk as a journal of changes. One line is one commit. */
export async function openJsonStore(directory: string, onDamage: (damage: Damage) => void): Promise<Store> {
  const rows = Object.fromEntries(TABLES.map((table) => [table, new Map<string, Row>()])) as Record<
    Table,
    Map<string, Row>
  >;
  const journal = await openJournal({ path: join(directory, 'store.jsonl'), fold: foldInto(rows), onDamage });
  const fresh = async (table: Table): Promise<Map<string, Row>> => {
    await journal.refresh();
    return rows[table];
  };
  return {
    commit: (changes) => (changes.length === 0 ? Promise.resolve() : journal.append([changes])),
    commitFrom: (choose) =>
      journal.appendFrom(() => {
        const changes = choose({
          get: <T extends Table>(table: T, id: string) => rows[table].get(id) as Tables[T] | undefined,
        });
        return changes.length === 0 ? [] : [changes];
      }),
    async get<T extends Table>(table: T, id: string) {
      return (await fresh(table)).get(id) as Tables[T] | undefined;
    },
    async list<T extends Table>(table: T, query: Query<T> = {}) {
      const found = select([...(await fresh(table)).values()] as Tables[T][], query);
      return pageOf(found.slice(0, query.limit === undefined ? undefined : query.limit + 1), query.limit);
    },
    async prune(before) {
      let pruned: readonly Change[] = [];
      await journal.appendFrom(() => {
        pruned = outdated(rows, before);
        return pruned.length === 0 ? [] : [pruned];
      });
      return pruned.length;
    },
    close: () => journal.close(),
  };
}

function foldInto(rows: Record<Table, Map<string, Row>>): Fold<readonly Change[]> {
  return {
    reset: () => TABLES.forEach((table) => rows[table].clear()),
    apply: (changes) => {
      for (const change of changes) {
        if ('put' in change) rows[change.table].set(change.put.id, change.put);
        else rows[change.table].delete(change.remove);
      }
      return changes.length;
    },
    live: () => TABLES.reduce((sum, table) => sum + rows[table].size, 0),
    *snapshot() {
      for (const table of TABLES) {
        const puts = [...rows[table].values()].map((put) => ({ table, put }) as Change);
        for (let from = 0; from < puts.length; from += SNAPSHOT_LINE) {
          yield puts.slice(from, from + SNAPSHOT_LINE);
        }
      }
    },
  };
}

function select<T extends Table>(rows: readonly Tables[T][], query: Query<T>): Tables[T][] {
  const { where = {}, from = -Infinity, to = Infinity, newestFirst = false, after } = query;
  const wanted = Object.entries(where).filter(([, value]) => value !== undefined);
  const sign = newestFirst ? -1 : 1;
  const last = after === undefined ? undefined : parseCursor(after);
  return rows
    .filter(
      (row) =>
        row.at >= from &&
        row.at < to &&
        wanted.every(([column, value]) => row[column as keyof Tables[T]] === value) &&
        (last === undefined || sign * byPlace(row, last) > 0),
    )
    .toSorted((a, b) => sign * byPlace(a, b));
}

type Place = Pick<Row, 'at' | 'id'>;

/** Ids by their code units, as SQLite compares them. */
const byPlace = (a: Place, b: Place): number => a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function outdated(rows: Record<Table, Map<string, Row>>, before: number): Change[] {
  const of = (table: Table, isOld: (row: Row) => boolean): Change[] =>
    [...rows[table].values()].filter(isOld).map(({ id }) => ({ table, remove: id }));
  const hasEnded = (row: Row): boolean => endOf(row) > 0 && endOf(row) < before;
  return [...of('events', ({ at }) => at < before), ...of('requests', hasEnded), ...of('machines', hasEnded)];
}
