import type { Database } from 'libsql';
import { StorageError } from '../../domain/errors/errors.ts';

/**
 * Each entry upgrades the schema by one version; entries are only ever added. `pragma user_version` counts them.
 * The columns are those of COLUMNS in store.ts at that time.
 */
const MIGRATIONS: readonly string[] = [
  [
    table('templates', 'provider', 'templateId'),
    table('requests', 'provider', 'requestId', 'templateId', 'status'),
    table('machines', 'provider', 'requestId', 'instanceType', 'result', 'release'),
    table('events', 'provider', 'requestId', 'type', 'machineId'),
    ...['requests (requestId)', 'machines (requestId)', 'events (requestId, at, id)'].map(index),
    ...['events (machineId, at, id)', 'requests (status, at, id)', 'machines (release, at, id)'].map(index),
  ].join(';\n'),
];

function table(name: string, ...columns: readonly string[]): string {
  const texts = columns.map((column) => `${column} text not null`).join(', ');
  return (
    `create table ${name} (id text primary key, at integer not null, ended integer not null, ${texts}, ` +
    `body text not null); create index ${name}_at on ${name} (at, id)`
  );
}

function index(what: string): string {
  return `create index ${what.replaceAll(/\W+/g, '_')} on ${what}`;
}

/** @throws StorageError if a newer version of the product wrote the database */
export function migrate(database: Database, path: string): void {
  // Immediate: of two workers that start together one migrates, and the other then finds nothing to do.
  database.exec('begin immediate');
  try {
    const [row] = database.prepare('pragma user_version').all() as { user_version: number }[];
    const version = row?.user_version ?? 0;
    if (version > MIGRATIONS.length) {
      throw new StorageError(
        `${path} has schema version ${version}; this program supports ${MIGRATIONS.length}. Use the newer program, or move the file away; it will be rebuilt.`,
      );
    }
    for (const sql of MIGRATIONS.slice(version)) database.exec(sql);
    database.exec(`pragma user_version = ${MIGRATIONS.length}`);
    database.exec('commit');
  } catch (error) {
    if (database.inTransaction) database.exec('rollback');
    throw error;
  }
}
