import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { cacheDir } from './paths.mjs';

/** The cache's path for this name, whether it exists or not. */
export function cached(name) {
  return path.join(cacheDir(), name);
}

/**
 * Creates a folder of the cache unless it exists. `fill(draft)` fills a temporary folder, which is renamed into place
 * when it is complete. So a reader sees a complete folder or none, even if a process is killed.
 * @returns the folder's path
 */
export async function fillCache(name, say, fill) {
  const target = cached(name);
  mkdirSync(cacheDir(), { recursive: true });
  await withLock(
    cached(path.join('locks', name)),
    ({ pid }) => say(`Waiting for process ${pid}, which is creating the same cache entry`),
    async () => {
      if (existsSync(target)) return;
      // A fixed name is safe under the lock, and finds what a killed process left.
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
