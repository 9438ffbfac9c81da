import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '../../domain/errors/errors.ts';

/** Locks are held for one write; a lock held longer belongs to a dead host. */
const MAX_WAIT_MS = 20_000;
/** Interval at which the holder touches its lock file (the lease). */
const TOUCH_INTERVAL_MS = 10_000;
/** A lock file of another host that was not touched for this long, by the observer's monotonic clock, belongs to a dead process. */
const MAX_UNTOUCHED_MS = 60_000;

export interface Lock {
  /** Aborts when another process removed the lock file because this one seemed dead, e.g. after a long suspension. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Runs `work` while no other process does so with the same directory.
 * @throws StorageError if the lock is not free within 20 s, e.g. because another host's lock file remains
 */
export async function withLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const waitUntil = Date.now() + MAX_WAIT_MS;
  for (;;) {
    // Whether a writer on another host is dead cannot be observed here: a person has to decide.
    const lockFile = await createLockFile(directory, async () => true);
    if (lockFile !== undefined) {
      try {
        return await work();
      } finally {
        await rm(lockFile, { force: true });
      }
    }
    if (Date.now() > waitUntil) {
      const holder = (await readdir(directory)).join(', ');
      throw new StorageError(
        `${directory} is locked by ${holder}. If that process no longer runs, delete the file.`,
      );
    }
    await delay(1 + Math.random() * 5);
  }
}

/**
 * Each contender creates a uniquely named file and then lists the directory: if it sees another live one, it removes its
 * own. Of two contenders the later always sees the earlier. Names are never reused, so any process may remove a dead
 * process's file at any time.
 * @returns undefined while another process has the lock
 */
export async function tryLock(directory: string): Promise<Lock | undefined> {
  const lockFile = await createLockFile(directory, isRecentlyTouched);
  if (lockFile === undefined) return undefined;
  const lost = new AbortController();
  const touch = async (): Promise<void> => {
    const now = new Date();
    await utimes(lockFile, now, now).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') lost.abort();
    });
  };
  const touchTimer = setInterval(() => void touch(), TOUCH_INTERVAL_MS).unref();
  return {
    lost: lost.signal,
    async release() {
      clearInterval(touchTimer);
      await rm(lockFile, { force: true });
    },
  };
}

/** Whether another host's lock file at this path belongs to a live process. */
type IsAlive = (path: string) => Promise<boolean>;

/** Creates this process's lock file. @returns its path, or undefined while another process has the lock */
async function createLockFile(directory: string, isAlive: IsAlive): Promise<string | undefined> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if ((await liveHolders(directory, isAlive)).length > 0) return undefined;
  const fileName = [hostname(), process.pid, processStartTime(process.pid), randomBytes(8).toString('hex')]
    .map((part) => encodeURIComponent(part))
    .join('+');
  const path = join(directory, fileName);
  await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  if ((await liveHolders(directory, isAlive)).every((name) => name === fileName)) return path;
  await rm(path, { force: true });
  return undefined;
}

async function liveHolders(directory: string, isAlive: IsAlive): Promise<string[]> {
  const holders: string[] = [];
  for (const name of await readdir(directory)) {
    if (isOfThisHost(name) ? isRunning(name) : await isAlive(join(directory, name))) holders.push(name);
    else await rm(join(directory, name), { force: true });
  }
  return holders;
}

const partsOf = (name: string): string[] => name.split('+').map((part) => decodeURIComponent(part));

const isOfThisHost = (name: string): boolean => {
  const [host, pid] = partsOf(name);
  return host === hostname() && pid !== undefined;
};

/**
 * Last observed modification time by path: for a process of another host, touching its lock file is the only sign
 * that it runs.
 */
const lastTouches = new Map<string, { readonly mtimeMs: number; readonly observedAt: number }>();

async function isRecentlyTouched(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  const known = lastTouches.get(path);
  const now = performance.now();
  if (known?.mtimeMs !== mtimeMs) lastTouches.set(path, { mtimeMs, observedAt: now });
  else if (now - known.observedAt >= MAX_UNTOUCHED_MS) {
    lastTouches.delete(path);
    return false;
  }
  return true;
}

function isRunning(name: string): boolean {
  const [, pid, started] = partsOf(name);
  if (started) return processStartTime(Number(pid)) === started;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Distinguishes a process from a later one with the same pid; '' if the system does not say or the process has ended. */
function processStartTime(pid: number): string {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // proc_pid_stat(5): after the command's closing bracket come the state (field 3) and, as field 22, the start.
    const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}.${fields[19]}`;
  } catch {
    return '';
  }
}
