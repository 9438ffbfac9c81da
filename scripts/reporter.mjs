import mocha from 'mocha';

const { Spec } = mocha.reporters;

// A test that leaves a server, a worker or a socket open must not hang a CI job for hours.
const PATIENCE_MS = 10_000;

/** Mocha's spec reporter, and as the very last line what CI reads: `N passed, N failed`, counted from what ran. */
export default class Reporter extends Spec {
  #ended = false;
  #passed = 0;
  #failed = 0;

  constructor(runner, options) {
    super(runner, options);
    runner.on('pass', () => this.#passed++);
    // A failing hook counts as well: the tests behind it did not run.
    runner.on('fail', () => this.#failed++);
    runner.once('end', () => {
      this.#ended = true;
      endSoon();
    });
    // At exit and not at the end of the run: after it, mocha's --exit, a leak or a late log line may still come.
    process.on('exit', () => this.#close());
  }

  #close() {
    if (!this.#ended) {
      process.stdout.write('\nThe process ended before the run did.\n');
      this.#failed++;
      process.exitCode ||= 1;
    }
    process.stdout.write(`\n${this.#passed} passed, ${this.#failed} failed\n`);
  }
}

function endSoon() {
  setTimeout(() => {
    const open = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)Wrap$/.test(name));
    process.stdout.write(
      `\nStill open ${PATIENCE_MS / 1000} s after the last test: ${open.join(', ')}. Ending anyway.\n`,
    );
    process.exit();
  }, PATIENCE_MS).unref();
}
