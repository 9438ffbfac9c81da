import { strict as assert } from 'node:assert';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../../fixtures/eventually.ts';
import { createCaller, type Caller, type Manner } from './calls.ts';

const LIMIT_MS = 400;
const IDS = JSON.stringify({ requestId: 'req-1', message: 'x'.repeat(300_000) });

describe('a call of the simulated Host Factory', () => {
  let folder: string;
  let caller: Caller;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hfsim-calls-'));
    caller = createCaller({ scripts: folder, env: { FOLDER: folder }, limitMs: LIMIT_MS });
  });
  afterEach(async () => {
    await caller.allEnded(1_000);
    await rm(folder, { recursive: true });
  });

  /** Calls a script of these lines. */
  async function call(lines: readonly string[], manner: Manner, abandon = new AbortController().signal) {
    const script = path.join(folder, 'requestMachines.sh');
    await writeFile(script, ['#!/bin/sh', 'PATH=/usr/bin:/bin', ...lines].join('\n'));
    await chmod(script, 0o755);
    return caller.call('requestMachines', { template: {} }, manner, abandon);
  }
  const written = (name: string) => readFile(path.join(folder, name), 'utf8').catch(() => '');
  const answers = [`cat <<'END'`, IDS, 'END', 'echo "$2" >"$FOLDER/input"'];
  const isGone = async () => assert.equal(await written(path.basename((await written('input')).trim())), '');

  it('a call ends without an answer at its time limit, and a child process of the script continues', async () => {
    const outcome = await call(['sleep 1', 'echo done >"$FOLDER/done"'], { stdout: 'file' });
    assert.deepEqual(outcome, { kind: 'lost', why: `killed after ${LIMIT_MS} ms` });
    await eventually('the child has done its work', () => written('done'), 5_000);
  });

  it('a call can be killed with all processes that it started', async () => {
    const kill = { afterMs: 300, what: 'all' } as const;
    const outcome = await call(['echo $$ >"$FOLDER/pid"', 'sleep 60'], { stdout: 'pipe', kill });
    assert.equal(outcome.kind, 'lost');
    const pid = Number(await written('pid'));
    assert.ok(pid > 0, 'it had not begun');
    await eventually('the script is gone', () => !isAlive(pid), 5_000);
  });

  for (const manner of [{ stdout: 'file' }, { stdout: 'pipe', readAfterMs: 200 }] as const) {
    it(`a call is read completely by ${manner.stdout}, however late, after its input was deleted`, async () => {
      const outcome = await call(answers, manner);
      assert.ok(outcome.kind === 'answered');
      assert.equal(JSON.stringify(outcome.answer), IDS);
      await isGone();
    });
  }

  it('a call gets no answer after Host Factory has stopped', async () => {
    const life = new AbortController();
    const outcome = call(
      ['sleep 0.2', 'echo done >"$FOLDER/done"', ...answers],
      { stdout: 'file' },
      life.signal,
    );
    life.abort();
    assert.deepEqual(await outcome, { kind: 'lost', why: 'Host Factory restarted' });
    await eventually('the script has done its work', () => written('done'), 5_000);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
