import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDir } from './paths.mjs';

/** Where the cache keeps the thing of that name, whether it exists or not. */
export function cached(name) {
  return path.join(cacheDir(), name);
}

/**
 * Makes a folder of the cache, once: `fill(folder)` works in a folder of its own, which is renamed into place when
 * it is complete. So a reader sees all of it or nothing, and a process that is killed leaves nothing half-made.
 */
export async function fillCache(name, say, fill) {
  const target = cached(name);
  mkdirSync(cacheDir(), { recursive: true });
  await withLock(
    cached(path.join('locks', name)),
    ({ pid }) => say(`Waiting for process ${pid}, which is making the same`),
    async () => {
      if (existsSync(target)) return;
      // One name, because the lock is ours: what a killed process left there is removed here.
      const draft = cached(`.draft-${name}`);
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(draft);
      try {
        await fill(draft);
        renameSync(draft, target);
      } finally {
        rmSync(draft, { recursive: true, force: true });
      }
    },
  );
  return target;
}
