import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A log file that several processes append to; any of them may rotate it. */
export interface LogFile {
  readonly path: string;
  readonly maxBytes: number;
  /** Rotated files to keep; each carries the time of its rotation in its name. */
  readonly keepFiles: number;
}

/** `<provider>-provider.<host>.log`, by IBM's convention; for the worker `<provider>-worker.<host>.log`. */
export const logPath = (directory: string, provider: string, role: 'provider' | 'worker'): string =>
  join(directory, `${provider}-${role}.${hostname()}.log`);

// O_NONBLOCK: if the log is a named pipe, opening it must not wait for a reader.
const APPEND_FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * Appends lines in one write, so that the kernel never mixes them with lines of other processes.
 * @throws Error when the file cannot be opened, or not all of it was written
 */
export function appendLines(log: LogFile, lines: string): void {
  const bytes = Buffer.from(lines);
  let file = openSync(log.path, APPEND_FLAGS, 0o644);
  try {
    if (isFull(fstatSync(file).size, bytes.length, log) && rotate(log, bytes.length)) {
      closeSync(file);
      file = openSync(log.path, APPEND_FLAGS, 0o644);
    }
    const content = endsMidLine(file) ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes;
    const written = writeSync(file, content);
    if (written < content.length) throw new Error(`the disk of ${log.path} is full`);
  } finally {
    closeSync(file);
  }
}

const isFull = (size: number, added: number, { maxBytes }: LogFile): boolean =>
  size > 0 && size + added > maxBytes;

/** Whether a full disk has cut the last line. */
function endsMidLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  return readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

let rotations = 0;

/**
 * Renames the full file. There is no lock that a killed process could leave behind: of several processes that rename
 * at once, one gets the full file, and one that gets the file just created restores it.
 * @returns whether the path names another file now; if not, lines go on into the full one
 */
function rotate(log: LogFile, added: number): boolean {
  const { path } = log;
  const rotated = `${path}.${timestamp(new Date())}-${process.pid}-${(rotations += 1)}`;
  try {
    renameSync(path, rotated);
    if (isFull(statSync(rotated).size, added, log)) removeOldestFiles(log);
    else restoreRotated(rotated, path);
    return true;
  } catch (error) {
    // ENOENT: another process has just renamed it. Anything else: the folder does not permit a rename.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** If the path exists again by now, this file stays rotated, although it is short. */
function restoreRotated(old: string, path: string): void {
  try {
    linkSync(old, path);
    rmSync(old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function removeOldestFiles({ path, keepFiles }: LogFile): void {
  const old = rotatedFiles(path);
  for (const file of old.slice(0, Math.max(0, old.length - keepFiles))) rmSync(file, { force: true });
}

/** Paths of a log's rotated files, the oldest first. */
export function rotatedFiles(path: string): string[] {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && ROTATED_SUFFIX.test(name.slice(prefix.length)))
    .toSorted()
    .map((name) => join(folder, name));
}

const ROTATED_SUFFIX = /^\d{8}T\d{9}Z-\d+-\d+$/;
/** `20261231T235959999Z` */
const timestamp = (time: Date): string => time.toISOString().replaceAll(/[-:.]/g, '');
