import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { capture } from '../lib/command.mjs';
import { root } from '../lib/paths.mjs';
import { Problem } from '../lib/problem.mjs';
import { hostFactoryEnv } from './environment.mjs';
import { workDir } from './state.mjs';

// Host Factory's own timeout for a script.
const TIMEOUT_MS = 300_000;

/**
 * Runs a provider script exactly as Host Factory does: with `-f FILE`, only Host Factory's variables (not even PATH),
 * from another folder, and with stdout and stderr combined.
 * @returns the JSON that it printed
 * @throws Problem when it failed or printed anything else
 */
export async function callScript(operation, input, signal) {
  const script = path.join(root, 'cli', 'scripts', `${operation}.sh`);
  // A separate file for each call, as from Host Factory: two calls may run at once.
  const file = path.join(workDir, `hf_in_${randomUUID()}`);
  writeFileSync(file, JSON.stringify(input, null, '\t'));
  const { code, output } = await capture(script, ['-f', file], {
    env: hostFactoryEnv,
    cwd: '/',
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  rmSync(file, { force: true });
  const answer = parse(output);
  if (code === 0 && answer !== undefined) return answer;
  const why = answer?.message ?? (output || 'it printed nothing');
  throw new Problem(
    `${operation}.sh failed${code === 0 ? ', it printed no JSON' : ` with exit code ${code}`}: ${why}`,
  );
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
