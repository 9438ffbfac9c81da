import { readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from '../lib/paths.mjs';

// Kinds with the longest files first, so that no long file starts last and runs alone.
const START_ORDER = [
  'conformance',
  'smallest',
  'crash',
  'e2e',
  'model',
  'hfsim',
  'soak',
  'fuzz',
  'workflows',
  'integration',
  'unit',
];

/** Every test file, as paths relative to the checkout, slow kinds first. */
export function allTests() {
  const files = readdirSync(path.join(root, 'test'), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => path.join('test', name));
  return inStartOrder(files);
}

/** The test files in these folders of test/. */
export const testsOfKinds = (kinds) => allTests().filter((file) => kinds.includes(kindOf(file)));

export const inStartOrder = (files) => files.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));

const kindOf = (file) => file.split(path.sep)[1];

function rankOf(file) {
  const rank = START_ORDER.indexOf(kindOf(file));
  return rank === -1 ? 0 : rank;
}
