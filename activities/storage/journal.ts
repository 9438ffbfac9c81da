import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { damagedPath, toStorageError, type Damage } from './damage.ts';
import { withLock } from './lock.ts';
import { formatLine, readLines } from './checksummedLines.ts';

/** In-memory state of a journal: a fold over its values. */
export interface Fold<T> {
  /** Clears the state before the journal is read from the start. */
  reset(): void;
  /** @returns the number of items in the value */
  apply(value: T): number;
  /** Items in the state; when the journal holds many more, it is compacted from `snapshot`. */
  liveItems(): number;
  snapshot(): Iterable<T>;
}

export interface JournalOptions<T> {
  readonly path: string;
  readonly fold: Fold<T>;
  readonly onDamage: (damage: Damage) => void;
}

/**
 * Append-only file of JSON values, one checksummed line each. What `append` acknowledged survives a crash. Several
 * processes may open it: each folds what the others append.
 */
export interface Journal<T> {
  /** Resolves when the values are on disk and folded. @throws StorageError: none of them was appended */
  append(values: readonly T[]): Promise<void>;
  /** Computes the values under the lock, after the other processes' values were folded. */
  appendWith(choose: () => readonly T[]): Promise<void>;
  /** Folds what other processes appended. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** A journal with fewer items is not compacted. */
const MIN_ITEMS_TO_COMPACT = 5_000;

export async function openJournal<T>({ path, fold, onDamage }: JournalOptions<T>): Promise<Journal<T>> {
  let file: FileHandle | undefined;
  /** Bytes folded so far. */
  let offset = 0;
  let items = 0;
  /** Unreadable lines, until the damaged file is set aside. */
  let unreadableLines = 0;
  let pendingWrites: { choose: () => readonly T[]; done: () => void; failed: (error: unknown) => void }[] =
    [];
  let queue: Promise<unknown> = Promise.resolve();
  const runInTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };
  const locked = <R>(work: () => Promise<R>): Promise<R> => withLock(`${path}.lock`, work);
  const withPathInErrors = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (error) {
      throw toStorageError(path, error);
    }
  };

  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await runInTurn(() => withPathInErrors(() => locked(repair)));

  return {
    append: (values) => enqueue(() => values),
    appendWith: enqueue,
    refresh: () =>
      runInTurn(() =>
        withPathInErrors(async () => {
          await catchUp();
          if (unreadableLines > 0) await locked(repair);
        }),
      ),
    close: () => runInTurn(async () => file?.close()),
  };

  /** Appends that arrive during a write share the next write and its fsync. */
  function enqueue(choose: () => readonly T[]): Promise<void> {
    return new Promise((done, failed) => {
      pendingWrites.push({ choose, done, failed });
      if (pendingWrites.length === 1) void runInTurn(writePending);
    });
  }

  async function writePending(): Promise<void> {
    const batch = pendingWrites;
    pendingWrites = [];
    try {
      await withPathInErrors(() =>
        locked(async () => {
          await repair();
          await write(batch.map(({ choose }) => choose));
          if (items > MIN_ITEMS_TO_COMPACT && items > 2 * fold.liveItems()) await compact();
        }),
      );
      for (const { done } of batch) done();
    } catch (error) {
      for (const { failed } of batch) failed(error);
    }
  }

  /** Each computation sees the values of the previous ones; all share one fsync. */
  async function write(choices: readonly (() => readonly T[])[]): Promise<void> {
    if (!file) return;
    const start = offset;
    try {
      for (const choose of choices) {
        const values = choose();
        const bytes = Buffer.from(values.map(formatLine).join(''));
        if (bytes.length === 0) continue;
        await file.appendFile(bytes);
        offset += bytes.length;
        for (const value of values) items += fold.apply(value);
      }
      if (offset > start) await file.datasync();
    } catch (error) {
      // A partial write (e.g. disk full) must not precede the next line, and its values are already folded.
      await file.truncate(start).catch(() => undefined);
      await rereadFromStart();
      throw error;
    }
  }

  /** Forces the next catch-up to read the file from the start. */
  async function rereadFromStart(): Promise<void> {
    const previous = file;
    file = undefined;
    await previous?.close();
  }

  /** Folds new lines. A partial last line is still being written, or was never acknowledged. */
  async function catchUp(): Promise<void> {
    const now = await stat(path).catch(() => undefined);
    const ours = await file?.stat();
    if (!file || !ours || now?.ino !== ours.ino || now.size < offset) {
      await rereadFromStart();
      file = await open(path, constants.O_CREAT | constants.O_RDWR | constants.O_APPEND, 0o600);
      offset = 0;
      items = 0;
      unreadableLines = 0;
      fold.reset();
    } else if (now.size === offset) return;
    const read = await readLines(file, offset, (value) => {
      items += fold.apply(value as T);
    });
    offset = read.end;
    unreadableLines += read.unreadable;
  }

  /** Under the lock: folds new lines, truncates a partial last line, sets a damaged file aside. */
  async function repair(): Promise<void> {
    await catchUp();
    if (!file) return;
    if ((await file.stat()).size > offset) await file.truncate(offset);
    if (unreadableLines === 0) return;
    const movedTo = damagedPath(path);
    const lost = `${unreadableLines} unreadable lines`;
    await copyFile(path, movedTo);
    await compact();
    onDamage({ path, movedTo, lost });
  }

  /** The new file is durable before it replaces the old one (write, fsync, rename, fsync of the directory). */
  async function compact(): Promise<void> {
    const newPath = `${path}.new`;
    await rm(newPath, { force: true });
    const target = await open(newPath, 'wx', 0o600);
    try {
      for (const value of fold.snapshot()) await target.appendFile(formatLine(value));
      await target.datasync();
    } finally {
      await target.close();
    }
    await rename(newPath, path);
    const directory = await open(dirname(path), 'r');
    await directory.sync();
    await directory.close();
    await catchUp();
  }
}
