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

/** A log file that several processes append to, each of which may begin the next one. */
export interface LogFile {
  readonly path: string;
  readonly maxBytes: number;
  /** Full files that are kept; they have the time of their end in their names. */
  readonly keepFiles: number;
}

/** By IBM's convention `<provider>-provider.<host>.log`; the worker's is `<provider>-worker.<host>.log`. */
export const logPath = (directory: string, provider: string, role: 'provider' | 'worker'): string =>
  join(directory, `${provider}-${role}.${hostname()}.log`);

// Whoever makes a pipe of the log must not make us wait for its reader.
const APPEND_FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/**
 * Appends lines in one write, which the kernel puts behind whatever others write at the same time.
 * @throws Error when not all of it could be written
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

/** A disk that was full may have cut the last line. */
function endsMidLine(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  return readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

let rotations = 0;

/**
 * Puts the full file aside. Without a lock, which somebody who dies could keep: of several that try at once one
 * gets it, and whoever got the file that was just begun puts it back.
 * @returns whether there is a next file now; if not, the full one goes on
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
    // Another one has just put it aside. Anything else: a folder that lets nobody rename.
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

/** If there is yet another one by now, this one stays aside, as a short one. */
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

/** The full files of a log, the oldest first. */
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
