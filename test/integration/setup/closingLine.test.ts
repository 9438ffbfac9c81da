import assert from 'node:assert/strict';
import { chmodSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { lastLine, node, root, run, Sandbox, scripts } from './support.ts';

const MOCHA = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');

describe('the closing line', () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const mocha = (tests: string, ...options: string[]) => {
    const file = sandbox.file('tiny.test.cjs', tests);
    const reporter = path.join(scripts, 'testing', 'reporter.mjs');
    return node([MOCHA, '--no-config', '--reporter', reporter, ...options, file]);
  };

  it('the closing line counts passed tests', async () => {
    const { code, output } = await mocha(`it('a', () => {}); it('b', () => {});`);
    assert.equal(code, 0);
    assert.equal(lastLine(output), '2 passed, 0 failed');
  });

  it('the closing line counts failed tests and failed hooks', async () => {
    const { code, output } = await mocha(`
      it('a', () => {});
      it('b', () => { throw new Error('no'); });
      describe('c', () => { before(() => { throw new Error('no'); }); it('d', () => {}); });`);
    assert.notEqual(code, 0);
    assert.equal(lastLine(output), '1 passed, 2 failed');
  });

  it('the closing line is last even when something is printed after the run', async () => {
    const tests = `after(() => setTimeout(() => console.log('late'), 200)); it('a', () => {});`;
    const { output } = await mocha(tests);
    assert.match(output, /late/);
    assert.equal(lastLine(output), '1 passed, 0 failed');
  });

  it('the closing line counts a failure when a test ends the process', async () => {
    const { code, output } = await mocha(`it('a', () => {}); it('b', () => process.exit(0));`);
    assert.notEqual(code, 0);
    assert.equal(lastLine(output), '1 passed, 1 failed');
  });

  /** .ci/run in a folder whose `npm test` is this. */
  async function ci(test: string): Promise<{ code: number | null; output: string }> {
    sandbox.file('package.json', JSON.stringify({ scripts: { test } }));
    const file = sandbox.file('.ci/run', '');
    copyFileSync(path.join(root, '.ci', 'run'), file);
    chmodSync(file, 0o755);
    return run(file, [], { PATH: process.env['PATH'], HOME: sandbox.folder });
  }

  it('.ci/run repeats the closing line after what npm prints about a failure', async () => {
    const { code, output } = await ci('echo 3 passed, 1 failed; exit 1');
    assert.equal(code, 1);
    assert.equal(lastLine(output), '3 passed, 1 failed');
  });

  it('.ci/run prints a failing closing line when the tests printed none', async () => {
    const { code, output } = await ci('echo nothing ran');
    assert.equal(code, 1);
    assert.equal(lastLine(output), '0 passed, 1 failed');
  });
});
