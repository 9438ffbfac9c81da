import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isSame } from './process-identity.mjs';

/**
 * Takes the lock file and returns undefined, or returns the process that holds it: `{pid, identity}`. A lock whose holder
 * has exited, even if another process has its pid by now, is taken over.
 */
export function tryLock(file) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    if (createComplete(file)) return undefined;
    const holder = readHolder(file);
    if (holder === undefined) continue;
    if (isSame(holder)) return holder;
    moveAway(file, holder);
  }
}

/** Linked into place: a lock file always names its holder, and only one of two links succeeds. */
function createComplete(file) {
  const draft = `${file}.${process.pid}.new`;
  writeFileSync(draft, JSON.stringify(identify(process.pid)));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

export function unlock(file) {
  if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
}

/** Runs `work` while holding the lock; `onWait(holder)` is called once if another process holds it first. */
export async function withLock(file, onWait, work) {
  let hasReported = false;
  for (let holder = tryLock(file); holder !== undefined; holder = tryLock(file)) {
    if (!hasReported) onWait(holder);
    hasReported = true;
    await delay(200);
  }
  try {
    return await work();
  } finally {
    unlock(file);
  }
}

function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    // A full disk or a power cut damaged the file: no process holds the lock.
    return { pid: 0, identity: '' };
  }
}

/** Renames instead of removing: of two processes that read the same exited holder, only one moves the file. */
function moveAway(file, holder) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  const moved = readHolder(aside);
  // Another process was faster, and this is its valid lock: restore it.
  if (moved?.pid !== holder.pid && isSame(moved)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}
