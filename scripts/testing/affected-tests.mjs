import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from '../lib/command.mjs';
import { root } from '../lib/paths.mjs';
import { Problem } from '../lib/problem.mjs';
import { allTests, inStartOrder } from './test-files.mjs';

/** Folders whose TypeScript and scripts are read for imports. */
const FOLDERS = [
  'domain',
  'contract',
  'workflows',
  'activities',
  'config',
  'logging',
  'cli',
  'server',
  'worker',
  'docs',
];
const CODE = /\.(ts|mjs)$/;

/** Files that decide how everything is built or run. */
const AFFECTS_ALL =
  /^(package(-lock)?\.json|tsconfig\.json|\.mocharc\.json|scripts\/(lib|testing)\/.*|scripts\/[^/]*\.mjs|\.ci\/.*)$/;
/** Files that no test reads. */
const AFFECTS_NONE = /^(LICENSE|CHANGELOG\.md|\.gitignore|\.oxlintrc\.json|\.oxfmtrc\.json)$/;

/** Programs that are started by their path, which no import shows: text in the source -> files of the program. */
const STARTED = [
  [/'cli', 'main\.(js|cjs)'|cli\/scripts|'cli', 'scripts'/, /^(cli|worker|simulator|config|workflows)\//],
  [/workflowsPath|workflow-bundle|bundleWorkflows/, /^workflows\//],
  [/'scripts'|scripts\//, /^scripts\//],
  [/'config', 'config\.schema\.json'|config\.schema/, /^config\/config\.schema\.json$/],
  [/'docs'|docs\//, /^docs\//],
  [/'bench\//, /^bench\//],
  [/program\.mjs'/, /^test\/(conformance|crash|fuzz|hfsim|model|soak)\//],
];

/**
 * The tests that changes since `base` (any git commit) can affect, uncommitted files included: each test file whose
 * imports, or programs started by path, lead to a changed file.
 * @returns `{tests, because}`; `because` is a sentence that explains the choice
 * @throws Problem when git does not know `base`
 */
export async function affectedTests(base) {
  const changed = await changedFiles(base);
  const tests = allTests();
  const all = changed.find((file) => AFFECTS_ALL.test(file));
  if (all) return { tests, because: `All ${tests.length} test files: ${all} affects everything.` };
  const relevant = changed.filter((file) => !AFFECTS_NONE.test(file));
  const graph = importGraph();
  const unknown = relevant.find((file) => !CODE.test(file) && !isMentioned(file, graph));
  if (unknown)
    return { tests, because: `All ${tests.length} test files: it is unknown which of them read ${unknown}.` };
  const affected = tests.filter((test) => reaches(test, relevant, graph));
  return {
    tests: inStartOrder(affected),
    because: `${affected.length} of ${tests.length} test files: ${changed.length} files changed since ${base}.`,
  };
}

async function changedFiles(base) {
  const git = (...args) => capture('git', ['-C', root, ...args]);
  const differs = await git('diff', '--name-only', base, '--');
  if (differs.code !== 0) throw new Problem(`git does not know ${base}: ${differs.output}`);
  const untracked = await git('ls-files', '--others', '--exclude-standard');
  return `${differs.output}\n${untracked.output}`.split('\n').filter(Boolean);
}

/** file -> {imports, text} of all code, test helpers and scripts included. */
function importGraph() {
  const graph = new Map();
  for (const folder of [...FOLDERS, 'simulator', 'test', 'scripts', 'bench']) {
    if (!existsSync(path.join(root, folder))) continue;
    for (const name of readdirSync(path.join(root, folder), { recursive: true })) {
      if (!CODE.test(name)) continue;
      const file = path.join(folder, name);
      const text = readFileSync(path.join(root, file), 'utf8');
      graph.set(file, { imports: importsOf(file, text), text });
    }
  }
  return graph;
}

function importsOf(file, text) {
  const imported = text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/g);
  return [...imported].map(([, specifier]) => path.join(path.dirname(file), specifier));
}

const isMentioned = (file, graph) =>
  STARTED.some(([, started]) => started.test(file)) ||
  [...graph.values()].some(({ text }) => text.includes(path.basename(file)));

function reaches(test, changed, graph) {
  const visited = new Set();
  const pending = [test];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (visited.has(file)) continue;
    visited.add(file);
    if (changed.includes(file)) return true;
    const node = graph.get(file);
    if (!node) continue;
    if (changed.some((each) => !CODE.test(each) && node.text.includes(path.basename(each)))) return true;
    pending.push(...node.imports);
    for (const [text, started] of STARTED) {
      if (!text.test(node.text)) continue;
      if (changed.some((each) => started.test(each))) return true;
      pending.push(...[...graph.keys()].filter((each) => started.test(each)));
    }
  }
  return false;
}
