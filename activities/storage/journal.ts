import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '../../domain/errors/errors.ts';
import { withLock } from './lock.ts';
import { formatLine, readLines } from './checksummedLines.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/** What a journal's values add up to, in memory. */
export interface Fold<T> {
  /** Forgets everything: the journal is read from its beginning. */
  reset(): void;
  /** @returns how many items the value holds */
  apply(value: T): number;
  /** Items that count; when the journal holds many more it is written anew from `snapshot`. */
  liveItems(): number;
  snapshot(): Iterable<T>;
}

export interface Damage {
  readonly path: string;
  /** Where the damaged file can be found now. */
  readonly movedTo: string;
  /** What was lost, in words. */
  readonly lost: string;
}

export interface JournalOptions<T> {
  readonly path: string;
  readonly fold: Fold<T>;
  readonly onDamage: (damage: Damage) => void;
}

/**
 * An append-only file of JSON values, a line each with its checksum. What `append` has acknowledged survives a
 * crash at any moment. Several processes may have it open: each takes in what the others wrote.
 */
export interface Journal<T> {
  /** Resolves when the values are on disk and folded. @throws StorageError: nothing of them is there */
  append(values: readonly T[]): Promise<void>;
  /** Chooses the values when nobody else can write: after what others wrote was folded. */
  appendWith(choose: () => readonly T[]): Promise<void>;
  /** Takes in what other processes wrote. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Below this many items a journal is not worth writing anew. */
const MIN_ITEMS_TO_COMPACT = 5_000;

export async function openJournal<T>({ path, fold, onDamage }: JournalOptions<T>): Promise<Journal<T>> {
  let file: FileHandle | undefined;
  /** Bytes folded so far. */
  let offset = 0;
  let items = 0;
  /** Unreadable lines that are not yet set aside. */
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
      if (error instanceof StorageError) throw error;
      throw new StorageError(`${path}: ${messageOf(error)}`, {
        cause: error,
      });
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

  /** Those who come while a write is under way share the next one, and its flush. */
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

  /** Each sees what those before it wrote; all share one flush. */
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
      // What is half there, e.g. on a full disk, must not stand before what comes next; and it was folded already.
      await file.truncate(start).catch(() => undefined);
      await rereadFromStart();
      throw error;
    }
  }

  /** From now on the file is read from its beginning again. */
  async function rereadFromStart(): Promise<void> {
    const previous = file;
    file = undefined;
    await previous?.close();
  }

  /** Folds what is new. A last line without its end is still being written, or was never acknowledged. */
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
    unreadableLines += read.bad;
  }

  /** Under the lock: catches up, cuts a torn end off, and sets a damaged file aside. */
  async function repair(): Promise<void> {
    await catchUp();
    if (!file) return;
    if ((await file.stat()).size > offset) await file.truncate(offset);
    if (unreadableLines === 0) return;
    const movedTo = `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;
    const lost = `${unreadableLines} unreadable lines`;
    await copyFile(path, movedTo);
    await compact();
    onDamage({ path, movedTo, lost });
  }

  /** The new file is whole on disk before it takes the place of the old one. */
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
