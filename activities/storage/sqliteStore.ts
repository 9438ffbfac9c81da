import { closeSync, openSync, statSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { damagedPath, toStorageError, type Damage } from './damage.ts';
import { migrate } from './migrations.ts';
import {
  COLUMNS,
  endedAtOf,
  pageOf,
  parseCursor,
  type Change,
  type Query,
  type Store,
  type Table,
  type Tables,
} from './store.ts';

/** ms for which a write waits for the write of another process. */
const MAX_BUSY_WAIT_MS = 10_000;

type Row = { readonly body: string };

/** The store in SQLite: indexed columns, and the record as JSON. */
export async function openSqliteStore(directory: string, onDamage: (damage: Damage) => void): Promise<Store> {
  // 18 MB native library, loaded only when configured.
  const { default: Database } = await import('libsql');
  const path = join(directory, 'store.db');
  let inode: number | undefined;
  let reopening: Promise<void> | undefined;
  let database = await openOrReplace();
  /** Prepared statements of this database by their SQL; there are only a few. */
  const statements = new Map<string, ReturnType<typeof database.prepare>>();
  return {
    commit: (changes) => withRecovery(() => inTransaction(() => changes.forEach(write))),
    commitWith: (choose) => withRecovery(() => inTransaction(() => choose({ get: find }).forEach(write))),
    get: (table, id) => withRecovery(() => find(table, id)),
    list: (table, query = {}) =>
      withRecovery(() => {
        const { text, values } = select(table, query);
        return pageOf(parseRows<typeof table>(queryRows(text, values)), query.limit);
      }),
    prune: (before) =>
      withRecovery(() =>
        inTransaction(
          () =>
            execute('delete from events where at < ?', [before]) +
            execute('delete from requests where ended > 0 and ended < ?', [before]) +
            execute('delete from machines where ended > 0 and ended < ?', [before]),
        ),
      ),
    close: async () => {
      database.close();
    },
  };

  function open() {
    // SQLite would create it world-readable; -wal and -shm inherit the mode.
    closeSync(openSync(path, 'a', 0o600));
    const opened = new Database(path, { timeout: MAX_BUSY_WAIT_MS });
    try {
      opened.exec('pragma journal_mode = WAL');
      opened.exec('pragma synchronous = FULL');
      const [answer] = opened.prepare('pragma quick_check(1)').all() as { quick_check: string }[];
      if (answer?.quick_check !== 'ok') throw new CorruptDatabaseError(answer?.quick_check);
      migrate(opened, path);
      inode = currentInode();
      return opened;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  function currentInode(): number | undefined {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  }

  async function openOrReplace() {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      return open();
    } catch (error) {
      if (!isCorruption(error)) throw toStorageError(path, error);
      const movedTo = damagedPath(path);
      await rename(path, movedTo);
      for (const part of ['-wal', '-shm']) {
        await rename(`${path}${part}`, `${movedTo}${part}`).catch(() => undefined);
      }
      const replacement = open();
      onDamage({ path, movedTo, lost: 'the whole read model' });
      return replacement;
    }
  }

  /** Concurrent callers share one reopening. */
  function reopen(): Promise<void> {
    reopening ??= replaceConnection().finally(() => (reopening = undefined));
    return reopening;
  }

  async function replaceConnection(): Promise<void> {
    database.close();
    statements.clear();
    database = await openOrReplace();
  }

  /**
   * A corrupt database is replaced, and the caller retries. A database that another process moved away or deleted is
   * reopened: writes to the old inode would be lost.
   */
  async function withRecovery<T>(work: () => T): Promise<T> {
    try {
      await reopening;
      if (currentInode() !== inode) await reopen();
      return work();
    } catch (error) {
      if (isCorruption(error)) await reopen();
      throw toStorageError(path, error);
    }
  }

  function inTransaction<T>(work: () => T): T {
    database.exec('begin immediate');
    try {
      const result = work();
      database.exec('commit');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('rollback');
      throw error;
    }
  }

  function find<T extends Table>(table: T, id: string): Tables[T] | undefined {
    return parseRows<T>(queryRows(`select body from ${table} where id = ?`, [id]))[0];
  }
  function prepareCached(text: string) {
    const known = statements.get(text) ?? database.prepare(text);
    statements.set(text, known);
    return known;
  }
  function queryRows(text: string, values: readonly unknown[]): Row[] {
    return prepareCached(text).all(...values) as Row[];
  }
  function execute(text: string, values: readonly unknown[]): number {
    return prepareCached(text).run(...values).changes;
  }
  function write(entry: Change): void {
    if ('remove' in entry) {
      execute(`delete from ${entry.table} where id = ?`, [entry.remove]);
      return;
    }
    const { table, put } = entry;
    const columns = ['id', 'at', 'ended', ...COLUMNS[table], 'body'];
    const record: Readonly<Record<string, unknown>> = { ...put };
    const values = [put.id, put.at, endedAtOf(put), ...COLUMNS[table].map((column) => record[column])];
    const placeholders = columns.map(() => '?').join(', ');
    execute(`insert or replace into ${table} (${columns.join(', ')}) values (${placeholders})`, [
      ...values,
      JSON.stringify(put),
    ]);
  }
}

const parseRows = <T extends Table>(rows: readonly Row[]): Tables[T][] =>
  rows.map(({ body }) => JSON.parse(body) as Tables[T]);

function select<T extends Table>(table: T, query: Query<T>): { text: string; values: unknown[] } {
  const { where = {}, from, to, newestFirst = false, limit, after } = query;
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (condition: string, ...given: unknown[]): void => {
    conditions.push(condition);
    values.push(...given);
  };
  for (const column of COLUMNS[table]) {
    const value = (where as Readonly<Record<string, string | undefined>>)[column];
    if (value !== undefined) add(`${column} = ?`, value);
  }
  if (from !== undefined) add('at >= ?', from);
  if (to !== undefined) add('at < ?', to);
  if (after !== undefined) {
    const { at, id } = parseCursor(after);
    add(`(at, id) ${newestFirst ? '<' : '>'} (?, ?)`, at, id);
  }
  const direction = newestFirst ? 'desc' : 'asc';
  const text = [
    `select body from ${table}`,
    conditions.length > 0 ? `where ${conditions.join(' and ')}` : '',
    `order by at ${direction}, id ${direction}`,
    limit === undefined ? '' : `limit ${limit + 1}`,
  ];
  return { text: text.join(' '), values };
}

class CorruptDatabaseError extends Error {}

/** https://sqlite.org/rescode.html: the file is not a database, or its pages are inconsistent. */
const isCorruption = (error: unknown): boolean =>
  error instanceof CorruptDatabaseError ||
  /^SQLITE_(CORRUPT|NOTADB)/.test(String((error as { code?: unknown }).code));
