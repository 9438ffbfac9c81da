import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout. */
export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

export const dist = path.join(root, 'dist');

/**
 * Where servers that were made or downloaded once are kept. Outside the checkout, so `npm ci` does not remove
 * them and all clones share them.
 */
export function cacheDir() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'open-host-factory');
}

/** The path as a user in `from` would type it: relative if that is the shorter way to say it. */
export function shown(file, from = process.cwd()) {
  const relative = path.relative(from, file);
  if (relative === '') return '.';
  return relative.startsWith('..') ? file : relative;
}
