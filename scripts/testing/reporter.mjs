import mocha from 'mocha';
import { phaseLines, readPhases, TestTimes } from './test-times.mjs';

const { Spec } = mocha.reporters;

// A test that leaves a server, a worker or a socket open must not block a CI job.
const EXIT_TIMEOUT_MS = 10_000;

/**
 * Mocha's spec reporter. After the last test it also prints where the time went, and as its last line, which CI reads,
 * `N passed, N failed`.
 */
export default class Reporter extends Spec {
  #ended = false;
  #passed = 0;
  #failed = 0;
  #times = new TestTimes();

  constructor(runner, options) {
    super(runner, options);
    runner.on('pass', () => this.#passed++);
    // A failed hook counts too, because its tests did not run.
    runner.on('fail', (test) => {
      this.#failed++;
      nameUncaughtError(test);
    });
    for (const event of ['test end', 'hook end']) {
      runner.on(event, ({ file, duration }) => this.#times.add(file, duration));
    }
    runner.once('end', () => {
      this.#ended = true;
      endSoon();
    });
    // At exit and not at the end of the run, because a test may still print something or end the process after it.
    process.on('exit', () => this.#close());
  }

  #close() {
    if (!this.#ended) {
      process.stdout.write('\nThe process exited before the test run ended.\n');
      this.#failed++;
      process.exitCode ||= 1;
    }
    const phases = readPhases(process.env.OHF_TEST_PHASES);
    const lines = [...this.#times.lines(), ...phaseLines(phases)];
    if (phases && lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
    process.stdout.write(`\n${this.#passed} passed, ${this.#failed} failed\n`);
  }
}

/**
 * From a parallel run, mocha reports an error outside of any test as an object without the methods that its own list
 * of failures calls.
 */
function nameUncaughtError(test) {
  test.titlePath ??= () => [test.file ?? '', test.title].filter(Boolean);
  test.fullTitle ??= () => test.titlePath().join(' ');
}

function endSoon() {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)Wrap$/.test(name));
    process.stdout.write(
      `\nStill open ${EXIT_TIMEOUT_MS / 1000} s after the last test: ${open.join(', ')}. Exiting anyway.\n`,
    );
    process.exit();
  }, EXIT_TIMEOUT_MS).unref();
}
