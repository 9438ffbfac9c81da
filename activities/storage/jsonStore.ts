import { join } from 'node:path';
import type { Damage } from './damage.ts';
import { openJournal, type Fold } from './journal.ts';
import {
  endedAtOf,
  pageOf,
  parseCursor,
  TABLES,
  type Change,
  type Query,
  type Store,
  type Table,
  type Tables,
} from './store.ts';

/** Limits the changes per line of a compacted journal. */
const MAX_CHANGES_PER_LINE = 500;

type Row = Tables[Table];

/** The store without a database: in memory, and on disk as a journal of commits, one per line. */
export async function openJsonStore(directory: string, onDamage: (damage: Damage) => void): Promise<Store> {
  const rows = Object.fromEntries(TABLES.map((table) => [table, new Map<string, Row>()])) as Record<
    Table,
    Map<string, Row>
  >;
  const journal = await openJournal({ path: join(directory, 'store.jsonl'), fold: foldInto(rows), onDamage });
  const refreshedRows = async (table: Table): Promise<Map<string, Row>> => {
    await journal.refresh();
    return rows[table];
  };
  return {
    commit: (changes) => (changes.length === 0 ? Promise.resolve() : journal.append([changes])),
    commitWith: (choose) =>
      journal.appendWith(() => {
        const changes = choose({
          get: <T extends Table>(table: T, id: string) => rows[table].get(id) as Tables[T] | undefined,
        });
        return changes.length === 0 ? [] : [changes];
      }),
    async get<T extends Table>(table: T, id: string) {
      return (await refreshedRows(table)).get(id) as Tables[T] | undefined;
    },
    async list<T extends Table>(table: T, query: Query<T> = {}) {
      const found = select([...(await refreshedRows(table)).values()] as Tables[T][], query);
      return pageOf(found.slice(0, query.limit === undefined ? undefined : query.limit + 1), query.limit);
    },
    async prune(before) {
      let pruned: readonly Change[] = [];
      await journal.appendWith(() => {
        pruned = expiredRows(rows, before);
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
    liveItems: () => TABLES.reduce((sum, table) => sum + rows[table].size, 0),
    *snapshot() {
      for (const table of TABLES) {
        const puts = [...rows[table].values()].map((put) => ({ table, put }) as Change);
        for (let from = 0; from < puts.length; from += MAX_CHANGES_PER_LINE) {
          yield puts.slice(from, from + MAX_CHANGES_PER_LINE);
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
        (last === undefined || sign * compareByTimeAndId(row, last) > 0),
    )
    .toSorted((a, b) => sign * compareByTimeAndId(a, b));
}

type Position = Pick<Row, 'at' | 'id'>;

/** Compares ids by code unit, as SQLite does. */
const compareByTimeAndId = (a: Position, b: Position): number =>
  a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

function expiredRows(rows: Record<Table, Map<string, Row>>, before: number): Change[] {
  const removalsOf = (table: Table, isOld: (row: Row) => boolean): Change[] =>
    [...rows[table].values()].filter(isOld).map(({ id }) => ({ table, remove: id }));
  const hasEnded = (row: Row): boolean => endedAtOf(row) > 0 && endedAtOf(row) < before;
  return [
    ...removalsOf('events', ({ at }) => at < before),
    ...removalsOf('requests', hasEnded),
    ...removalsOf('machines', hasEnded),
  ];
}
