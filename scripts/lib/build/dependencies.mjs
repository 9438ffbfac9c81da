import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture, onPath } from '../command.mjs';
import { withLock } from '../lock.mjs';
import { checkNodeVersion } from '../node-version.mjs';
import { cacheDir, root } from '../paths.mjs';
import { Problem } from '../problem.mjs';

const lockFile = path.join(root, 'package-lock.json');
const modules = path.join(root, 'node_modules');
// Inside node_modules, so that it is deleted with them.
const stampFile = path.join(modules, '.open-host-factory-lock');

/**
 * Installs exactly the dependencies of package-lock.json, unless they are installed.
 * @throws Problem that says why npm failed
 */
export async function ensureDependencies(say) {
  checkNodeVersion();
  if (isInstalled()) return;
  await withSetupLock(say, async () => {
    if (isInstalled()) return;
    await install(say);
    stamp();
  });
}

/** One setup at a time in one checkout: two `npm ci` or two compilers would remove each other's files. */
export function withSetupLock(say, work) {
  const name = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return withLock(
    path.join(cacheDir(), 'locks', `setup-${name}`),
    ({ pid }) => say(`Waiting for process ${pid}, which is setting up this folder`),
    work,
  );
}

function isInstalled() {
  if (!existsSync(modules)) return false;
  const hash = lockHash();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return true;
  // The user may have run npm. What counts is what is installed.
  if (!matchesLock()) return false;
  stamp();
  return true;
}

function lockHash() {
  // Includes the platform: a folder shared with a container needs other native packages there.
  return createHash('sha256')
    .update(`${process.platform} ${process.arch}\n`)
    .update(readFileSync(lockFile))
    .digest('hex');
}

function stamp() {
  writeFileSync(stampFile, lockHash());
}

/** Compares package-lock.json with npm's list of installed packages in node_modules. */
function matchesLock() {
  let installed;
  try {
    installed = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8')).packages;
  } catch {
    return false;
  }
  const wanted = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(wanted).every(([where, entry]) => {
    // '' is this project itself; an optional package may be missing for reasons only npm knows (libc).
    if (where === '') return true;
    const found = installed[where];
    if (found === undefined) return entry.optional === true || !forThisPlatform(entry);
    return found.version === entry.version && existsSync(path.join(root, where));
  });
}

function forThisPlatform({ os, cpu }) {
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

async function install(say) {
  const npm = npmCommand();
  say('Installing the dependencies (npm ci)');
  const { code, output } = await capture(npm.command, [...npm.args, 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    // A NODE_ENV of production would leave out the compiler and the tests.
    env: { ...process.env, NODE_ENV: '' },
  });
  if (code === 0) return;
  const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/.test(output);
  throw new Problem(
    `${head(output)}\n\nnpm ci failed in ${root}. ` +
      (offline
        ? 'The package registry could not be reached: connect to the network, or point npm to your registry with\n' +
          '  npm config set registry URL      (behind a proxy: npm config set https-proxy URL)\n' +
          'and run the same command again.'
        : 'Fix what npm reports above and run the same command again.'),
  );
}

/** npm prints the cause first, then the usage of `npm ci`. */
function head(output) {
  return output.split('\n').slice(0, 20).join('\n');
}

/** The npm that runs this script (`npm start`, `npm test`), else npm on PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && /npm-cli\.c?js$/.test(script)) return { command: process.execPath, args: [script] };
  const npm = onPath('npm');
  if (npm) return { command: npm, args: [] };
  throw new Problem(
    'npm was not found on PATH. It comes with Node.js: install it, and run the same command again.',
  );
}
