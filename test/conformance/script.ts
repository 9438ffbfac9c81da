import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HfOperation } from '../fixtures/stack/stack.ts';
import type { Plugin } from './plugin.ts';

/** How one call differs from Host Factory's usual one. */
export interface Manner {
  /** The input file's content, byte by byte. */
  readonly raw?: string | Buffer;
  /** All arguments, instead of `-f` and the input file. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is run instead of the script in the plugin's folder. */
  readonly script?: string;
  /** The name of the input file. */
  readonly inputName?: string;
  /** Without root's power to write where permissions forbid it. */
  readonly plain?: boolean;
  /** Nobody reads stdout: the pipe is closed before the script writes. */
  readonly unread?: boolean;
  /** SIGKILL for the script and all that it started, after these ms. */
  readonly killAfterMs?: number;
}

export interface Outcome {
  readonly code: number | null;
  /** stdout and stderr in one file, as Host Factory may keep them. */
  readonly output: string;
  /** ms */
  readonly took: number;
}

/** ms that Host Factory lets a script run. */
const LIMIT_MS = 300_000;

/** Host Factory's scripts run as a plain user; what root may beyond that is two capabilities. */
const isRoot = process.getuid?.() === 0;
const PLAIN = ['/usr/bin/setpriv', '--bounding-set=-dac_override,-dac_read_search'];

/** One call as Host Factory makes it: a bare environment, `/` as directory, a file as input, one for the output. */
export async function runScript(
  { scripts, env }: Plugin,
  operation: HfOperation,
  input: unknown,
  manner: Manner,
): Promise<Outcome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-conformance-'));
  const inFile = path.join(folder, manner.inputName ?? 'hf_in_Ab12Cd');
  await writeFile(inFile, manner.raw ?? `${JSON.stringify(input, null, '\t')}\n`);
  const out = await open(path.join(folder, 'out'), 'w');
  const script = manner.script ?? path.join(scripts, `${operation}.sh`);
  const began = Date.now();
  const words = [...(manner.plain && isRoot ? PLAIN : []), script, ...(manner.args ?? ['-f', inFile])];
  const [command = script, ...args] = words;
  const child = spawn(command, args, {
    cwd: manner.cwd ?? '/',
    env: { ...(manner.env ?? env) },
    // A group of its own, so that a kill reaches all of it.
    detached: true,
    stdio: ['ignore', manner.unread ? 'pipe' : out.fd, out.fd],
  });
  child.stdout?.destroy();
  const { pid } = child;
  const timer = setTimeout(() => {
    // Ended this very moment: its exit is on the way to us.
    if (pid !== undefined && isAlive(pid)) process.kill(-pid, 'SIGKILL');
  }, manner.killAfterMs ?? LIMIT_MS);
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    // Host Factory's file is gone as soon as the script is.
    await rm(inFile);
    return { code, output: await readFile(path.join(folder, 'out'), 'utf8'), took: Date.now() - began };
  } finally {
    clearTimeout(timer);
    await out.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function isAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
