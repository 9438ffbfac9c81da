import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this checkout. */
export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

export const dist = path.join(root, 'dist');

/**
 * The cache of built and downloaded servers. It is outside the checkout, so that `npm ci` does not remove it and all
 * clones share it.
 */
export function cacheDir() {
  const base = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return path.join(base, 'open-host-factory');
}

/** The path to show to a user in `from`: relative if the file is in that folder, else absolute. */
export function shown(file, from = process.cwd()) {
  const relative = path.relative(from, file);
  if (relative === '') return '.';
  return relative.startsWith('..') ? file : relative;
}
