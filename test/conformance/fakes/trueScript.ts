import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Said } from './fake.ts';

export interface TrueScriptCall {
  /** The script, or the program that runs it, with its arguments. */
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Replaces the arguments by `-f` and a file with this document. */
  readonly input?: unknown;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** The process leads a group of its own, by which it can be killed. */
  readonly detached?: boolean;
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs the true script behind a fake. */
export async function runTrueScript(call: TrueScriptCall): Promise<Said> {
  const { input, args } = call;
  if (input === undefined) return run(call, args);
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-fake-'));
  try {
    const file = path.join(folder, 'in');
    await writeFile(file, JSON.stringify(input));
    return await run(call, ['-f', file]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(
  { command: [command = '', ...words], env, cwd, detached = false, onStart }: TrueScriptCall,
  args: readonly string[],
): Promise<Said> {
  const child = spawn(command, [...words, ...args], {
    env,
    cwd,
    detached,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onStart?.(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, stdout, stderr };
}
