import { strict as assert } from 'node:assert';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

describe('npm start -- --once', () => {
  it('npm start -- --once plays a round trip, exits with 0 and leaves no process behind', async () => {
    const state = await mkdtemp(path.join(tmpdir(), 'ohf-start-'));
    try {
      const child = spawn('npm', ['start', '--', '--once'], {
        cwd: root,
        env: { ...process.env, OHF_STATE_DIR: state },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const [code] = await once(child, 'close');
      assert.equal(code, 0, output);
      assert.match(output, /complete, 5 of 5 machines up/);
      assert.match(output, /0 live instances/);
      // Every process of the stack has the folder of its state among its arguments.
      assert.equal(spawnSync('pgrep', ['-f', state]).stdout.toString(), '', 'a process is left behind');
    } finally {
      await rm(state, { recursive: true, force: true });
    }
  });
});
