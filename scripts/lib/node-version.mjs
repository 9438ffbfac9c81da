import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { Problem } from './problem.mjs';

/** @throws Problem when this Node is older than package.json's `engines` requires */
export function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const needed = engines.node.replace('>=', '');
  if (compareVersions(process.versions.node, needed) >= 0) return;
  throw new Problem(
    `Node.js ${needed} or newer is needed, but ${process.execPath} is ${process.versions.node}.\n` +
      'Install a newer Node.js and run the same command again.',
  );
}

/** Compares dotted numbers: negative when `a` is older than `b`, 0 when equal. */
export function compareVersions(a, b) {
  const [left, right] = [a, b].map((version) =>
    version.split('.').map((part) => Number.parseInt(part, 10) || 0),
  );
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
