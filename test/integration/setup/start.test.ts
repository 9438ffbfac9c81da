import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { lib, module, node, Sandbox } from './support.ts';

const START = lib('start.mjs');

describe('npm start', () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const state = () => ({ OHF_STATE_DIR: sandbox.folder });

  it('npm start --help lists its options', async () => {
    const { code, output } = await node([START, '--help'], state());
    assert.equal(code, 0);
    for (const option of ['--once', '--reset', '--help']) assert.ok(output.includes(option), output);
  });

  it('npm start rejects an unknown option and names the allowed ones', async () => {
    const { code, output } = await node([START, '--onec'], state());
    assert.equal(code, 1);
    assert.match(output, /^Unknown argument --onec\. Allowed are:/);
    assert.match(output, /--once/);
  });

  it('npm start does not run twice on one state folder', async () => {
    const { output } = await module(
      `
      import { lockState } from ${JSON.stringify(lib('stack/state.mjs'))};
      import { spawnSync } from 'node:child_process';
      lockState();
      console.log('holder ' + process.pid);
      const second = spawnSync(process.execPath, [${JSON.stringify(START)}, '--once'], { encoding: 'utf8' });
      console.log(second.status + second.stderr);`,
      state(),
    );
    const holder = /holder (\d+)/.exec(output)?.[1];
    assert.match(output, new RegExp(`1\\s+Already running in .*: process ${holder}`));
  });

  describe('after a start that was killed', () => {
    let left: ChildProcess;
    beforeEach(async () => {
      const forever = 'setInterval(() => {}, 1000); console.log("up")';
      left = spawn(process.execPath, ['-e', forever], {
        detached: true,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      if (left.stdout) await once(left.stdout, 'data');
    });
    afterEach(() => void left.kill('SIGKILL'));

    const remember = () =>
      module(
        `import { rememberProcess } from ${JSON.stringify(lib('stack/state.mjs'))};
         rememberProcess('worker', ${left.pid});`,
        state(),
      );
    const endLeftovers = () =>
      module(
        `import { endLeftovers, lockState } from ${JSON.stringify(lib('stack/state.mjs'))};
         lockState();
         await endLeftovers(console.log, ['worker']);`,
        state(),
      );

    it('npm start ends a process that a killed start left running', async () => {
      await remember();
      assert.equal(readFileSync(sandbox.path('worker.pid'), 'utf8'), `${left.pid}\n`);
      const exited = once(left, 'exit');
      const { output } = await endLeftovers();
      await exited;
      assert.match(output, new RegExp(`Ending the worker .*process ${left.pid}`));
      assert.ok(!existsSync(sandbox.path('worker.pid')));
    });

    it('npm start does not end a process that only has the same id as a recorded one', async () => {
      await remember();
      const file = sandbox.path('run.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"identity": ".*"/, '"identity": "another"'));
      const { output } = await endLeftovers();
      assert.equal(output, '');
      assert.equal(left.exitCode ?? left.signalCode, null);
    });
  });

  it('npm start --reset removes only its own files', async () => {
    for (const name of ['temporal.db', 'temporal.db-wal', 'simulator.jsonl', 'log/worker.log', 'notes.txt']) {
      sandbox.file(name, '');
    }
    await module(
      `import { resetState } from ${JSON.stringify(lib('stack/state.mjs'))}; resetState();`,
      state(),
    );
    for (const name of ['temporal.db', 'temporal.db-wal', 'simulator.jsonl', 'log']) {
      assert.ok(!existsSync(sandbox.path(name)), name);
    }
    assert.ok(existsSync(sandbox.path('notes.txt')));
  });
});
