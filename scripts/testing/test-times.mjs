import path from 'node:path';
import { root } from '../lib/paths.mjs';

const SLOWEST = 15;

/** Sums up how long each test file took, hooks included. */
export class TestTimes {
  #files = new Map();

  /** `durationMs` may be missing: a failed hook has none. */
  add(file, durationMs = 0) {
    if (!file) return;
    const name = sourceOf(file);
    this.#files.set(name, (this.#files.get(name) ?? 0) + durationMs);
  }

  /** The slowest files, then the sum of each kind of test, as lines of text. */
  lines() {
    if (this.#files.size === 0) return [];
    const slowest = [...this.#files].toSorted(([, a], [, b]) => b - a).slice(0, SLOWEST);
    const kinds = new Map();
    for (const [name, ms] of this.#files) {
      const { total, files } = kinds.get(kindOf(name)) ?? { total: 0, files: 0 };
      kinds.set(kindOf(name), { total: total + ms, files: files + 1 });
    }
    return [
      'Slowest files',
      ...slowest.map(([name, ms]) => `${seconds(ms)}  ${name}`),
      '',
      'Time in tests, by kind (files run in parallel, so the sum exceeds the elapsed time)',
      ...[...kinds]
        .toSorted(([, a], [, b]) => b.total - a.total)
        .map(
          ([kind, { total, files }]) =>
            `${seconds(total)}  ${kind} (${files} ${files === 1 ? 'file' : 'files'})`,
        ),
      '',
    ];
  }
}

/** test/unit/domain/x.test.ts for dist/test/unit/domain/x.test.js. */
function sourceOf(file) {
  const relative = path.relative(root, file);
  return relative.replace(/^dist\//, '').replace(/\.js$/, '.ts');
}

const kindOf = (name) => name.split('/')[1] ?? name;

/** The phases that test.mjs measured before mocha began, and when mocha began (epoch ms). */
export function readPhases(text) {
  return text === undefined ? undefined : JSON.parse(text);
}

/** `phases.done` is [[name, ms]...], `phases.began` the start of mocha in epoch ms. */
export function phaseLines(phases) {
  if (!phases) return [];
  const all = [...phases.done, ['tests', Date.now() - phases.began]];
  const total = all.reduce((sum, [, ms]) => sum + ms, 0);
  return [
    'Elapsed time, by phase',
    ...all.map(([name, ms]) => `${seconds(ms)}  ${name}`),
    `${seconds(total)}  total`,
  ];
}

const seconds = (ms) => `${(ms / 1000).toFixed(1).padStart(8)} s`;
