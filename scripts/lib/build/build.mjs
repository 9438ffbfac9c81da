import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleCli, bundleInputs, isCliBundled } from './cli-bundle.mjs';
import { capture } from '../command.mjs';
import { withSetupLock } from './dependencies.mjs';
import { dist, root } from '../paths.mjs';
import { Problem } from '../problem.mjs';

const FOLDERS = [
  'domain',
  'contract',
  'workflows',
  'activities',
  'config',
  'logging',
  'cli',
  'worker',
  'simulator',
  'docs',
  'test',
];
// Sources of the workflow bundle.
const BUNDLED = /^(domain|contract|workflows|worker\/bundle\.ts)/;

const stampFile = path.join(dist, '.build-stamp');
const bundler = path.join(dist, 'worker', 'bundle.js');
const bundle = path.join(dist, 'workflow-bundle.js');

/**
 * Brings dist/ up to date: JavaScript, the workflow bundle, the bundled command line, and the file in which the HF
 * scripts find the path of Node. Does nothing if no source changed.
 * @throws Problem with the output of the compiler or the bundler
 */
export async function ensureBuild(say, { force = false } = {}) {
  writeNodePath();
  if (!force && isCurrent(fingerprints())) return;
  await withSetupLock(say, async () => {
    // Computed before compiling, so that an edit in the meantime is built next time.
    const wanted = fingerprints();
    if (!force && isCurrent(wanted)) return;
    const done = force ? undefined : readStamp();
    rmSync(stampFile, { force: true });
    await compile(say, wanted.sources, force);
    if (existsSync(bundler) && (done?.bundle !== wanted.bundle || !existsSync(bundle)))
      await bundleWorkflows(say);
    if (bundleInputs().length > 1) await bundleCommandLine(say, done?.packages !== wanted.packages);
    const { all, bundle: workflows, packages } = wanted;
    writeFileSync(stampFile, JSON.stringify({ all, bundle: workflows, packages }));
  });
}

/** Host Factory runs the HF scripts without PATH, so they read the path of Node from this file. */
function writeNodePath() {
  const file = path.join(dist, 'node-path');
  const line = `${process.execPath}\n`;
  if (existsSync(file) && readFileSync(file, 'utf8') === line) return;
  mkdirSync(dist, { recursive: true });
  writeFileSync(`${file}.${process.pid}`, line);
  renameSync(`${file}.${process.pid}`, file);
}

/** Hashes of contents, not times: switching branches and back builds nothing. */
function fingerprints() {
  const sources = FOLDERS.flatMap((folder) => filesBelow(folder)).toSorted();
  const all = createHash('sha256');
  const bundled = createHash('sha256');
  const packages = createHash('sha256').update(readFileSync(path.join(root, 'package-lock.json')));
  for (const file of [...sources, ...bundleInputs(), 'tsconfig.json', 'package-lock.json']) {
    const content = readFileSync(path.join(root, file));
    for (const hash of file.endsWith('.json') || BUNDLED.test(file) ? [all, bundled] : [all]) {
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return {
    sources,
    all: all.digest('hex'),
    bundle: bundled.digest('hex'),
    packages: packages.digest('hex'),
  };
}

function filesBelow(folder) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)));
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'));
  } catch {
    return undefined;
  }
}

function isCurrent({ sources, all }) {
  if (readStamp()?.all !== all || !hasAllOutputs(sources) || !isCliBundled()) return false;
  return existsSync(bundle) || !existsSync(bundler);
}

const outputOf = (source) => path.join(dist, source.replace(/\.ts$/, '.js'));

const isCompiled = (source) => !source.endsWith('.d.ts');

function hasAllOutputs(sources) {
  return sources.filter(isCompiled).every((source) => existsSync(outputOf(source)));
}

async function compile(say, sources, force) {
  say('Compiling');
  removeStaleOutputs(sources);
  // With its build info, the compiler would not write outputs again that it believes exist.
  if (force || !hasAllOutputs(sources)) rmSync(path.join(dist, '.tsbuildinfo'), { force: true });
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await runStep(
    [tsc, '--pretty', 'false'],
    'The compiler found errors',
    'Fix them and run the same command again.',
  );
}

/** Otherwise a test whose source was deleted or renamed would still run. */
function removeStaleOutputs(sources) {
  const wanted = new Set(sources.map((source) => source.replace(/\.ts$/, '')));
  for (const folder of FOLDERS) {
    const absolute = path.join(dist, folder);
    if (!existsSync(absolute)) continue;
    for (const entry of readdirSync(absolute, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.js(\.map)?$/.test(entry.name)) continue;
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      if (!wanted.has(path.relative(dist, file).replace(/\.js(\.map)?$/, ''))) rmSync(file);
    }
  }
}

async function bundleWorkflows(say) {
  say('Bundling the workflows');
  await runStep(
    [bundler],
    'The workflow bundle could not be built',
    'Fix the error and run the same command again.',
  );
}

async function bundleCommandLine(say, withSdk) {
  say('Bundling the command line');
  try {
    await bundleCli({ withSdk });
  } catch (error) {
    const next = 'Fix the error and run the same command again.';
    throw new Problem(`${error.message}\n\nThe command line could not be bundled in ${root}. ${next}`);
  }
}

async function runStep(args, what, next) {
  const { code, output } = await capture(process.execPath, args, { cwd: root });
  if (code !== 0) throw new Problem(`${output}\n\n${what} in ${root}. ${next}`);
}
