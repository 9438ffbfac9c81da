import path from 'node:path';
import { endOnSignals, show } from './lib/command.mjs';
import { root } from './lib/paths.mjs';
import { printError, Problem } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, findTestServer, say } from './setup.mjs';

const USAGE = `npm test: builds, lints, checks the format, and runs all tests.
npm test -- FILE...       only the tests of these files (test/….test.ts), without lint
npm test -- --grep TEXT   only the tests with this name; any other option of mocha works too

The last line is "N passed, N failed". Environment (each found or made if not set):
  OHF_TEMPORAL_CLI          path of the Temporal CLI
  OHF_TEMPORAL_TEST_SERVER  path of Temporal's time-skipping test server`;

const bin = (name, file) => path.join(root, 'node_modules', name, file);

async function main(args) {
  if (args.includes('--help')) {
    say(USAGE);
    return 0;
  }
  const endUndone = endOnSignals();
  await ensureDependencies(say);
  await ensureBuild(say);
  if (args.length === 0) await lint();
  const temporal = await findTemporalServer(say);
  const testServer = await findTestServer(say);
  say(
    `Temporal server: ${temporal.path} (${temporal.from})\nTest server: ${testServer.path} (${testServer.from})`,
  );
  endUndone();
  return runMocha(args, { OHF_TEMPORAL_CLI: temporal.path, OHF_TEMPORAL_TEST_SERVER: testServer.path });
}

async function lint() {
  say('Linting');
  const linted = await show(process.execPath, [bin('oxlint', 'bin/oxlint'), '--type-aware'], { cwd: root });
  if (linted.code !== 0)
    throw new Problem('The linter found what stands above. Mend it and run the same command again.');
  const formatted = await show(process.execPath, [bin('oxfmt', 'bin/oxfmt'), '--check'], { cwd: root });
  if (formatted.code !== 0) throw new Problem('The files above are not formatted: run `npm run format`.');
}

/** A test file is named by its source, as the user sees it; what runs is the compiled one. */
function compiled(arg) {
  const relative = path.relative(root, path.resolve(arg));
  return /^test\/.*\.ts$/.test(relative) ? path.join('dist', relative.replace(/\.ts$/, '.js')) : arg;
}

async function runMocha(args, servers) {
  // Ctrl-C reaches mocha as well, which still says what ran.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => process.exit(143));
  const given = args.map(compiled);
  // Most of the time of the tests with processes of their own is waiting, so two files run beside each other.
  const specs = given.some((arg) => arg.endsWith('.test.js'))
    ? []
    : ['--parallel', '--jobs', '2', 'dist/test/**/*.test.js'];
  const { code, signal } = await show(process.execPath, [bin('mocha', 'bin/mocha.js'), ...given, ...specs], {
    cwd: root,
    env: { ...process.env, ...servers },
  });
  if (signal) throw new Problem(`Mocha was ended by ${signal}.`);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  printError(error);
  // CI reads the last line: what stopped us before the first test is a failure, not a run without any.
  say('\n0 passed, 1 failed');
  process.exitCode = 1;
}
