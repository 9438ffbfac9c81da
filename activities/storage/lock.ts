import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '../../domain/errors/errors.ts';

/** Others hold a lock for one write; one that lasts longer is held by a host that died. */
const MAX_WAIT_MS = 20_000;
/** Who holds a lock touches it so often. */
const TOUCH_INTERVAL_MS = 10_000;
/** One of another host that nobody touches for so long is of a process that died, by the clock of who looks. */
const MAX_UNTOUCHED_MS = 60_000;

export interface Lock {
  /** Aborted when somebody else took this process for dead, as when it was paused for long. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Runs `work` while no other process does so with the same directory.
 * @throws StorageError when another host's lock stays
 */
export async function withLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const waitUntil = Date.now() + MAX_WAIT_MS;
  for (;;) {
    // What another host began to write only a person can call dead.
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
 * Each contender makes a file of its own name and then looks: whoever sees another living one steps back. Of
 * two, the later one always sees the earlier. A name is never used again, so what a killed process left behind
 * may be removed by anybody, at any time.
 * @returns undefined while somebody else has it
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

/** Whether the lock of another host, at this path, is that of a living process. */
type IsAlive = (path: string) => Promise<boolean>;

/** The path of the lock that is ours now, or undefined while somebody else has it. */
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

/** By path, what was seen of locks of other hosts: of their processes nothing is known but that they touch these. */
const lastTouches = new Map<string, { readonly mtimeMs: number; readonly seenAt: number }>();

async function isRecentlyTouched(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path);
  const known = lastTouches.get(path);
  const now = performance.now();
  if (known?.mtimeMs !== mtimeMs) lastTouches.set(path, { mtimeMs, seenAt: now });
  else if (now - known.seenAt >= MAX_UNTOUCHED_MS) {
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

/** Tells a process from a later one with its number; '' where the system does not say or it has ended. */
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
