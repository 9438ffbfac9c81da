import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { oneLineMessage } from '../../../cli/bus/bus.ts';
import { openSession } from '../../../cli/bus/session.ts';
import { openLog } from '../../../cli/log.ts';
import { hfOperation } from '../../../cli/operations/registry.ts';
import { jsonLine } from '../../../cli/output/writeStdout.ts';
import { executeOperation } from '../../../cli/runOperation.ts';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
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
export const runTrueScript = (call: TrueScriptCall): Promise<Said> =>
  withInputFile(call, (args) => run(call, args));

/** Runs what the true script runs in this process, which costs a tenth: for calls that need no process of their own. */
export const runTrueOperation = (
  name: HfOperation,
  call: Pick<TrueScriptCall, 'args' | 'input' | 'env'>,
): Promise<Said> =>
  withInputFile(call, async (args) => {
    const entry = hfOperation(name);
    if (!entry) throw new Error(`There is no operation ${name}.`);
    const log = openLog(call.env, name);
    const session = openSession(call.env, log);
    const { operation } = await entry.load();
    const { outcome, failure, record } = await executeOperation(operation, args, session, log);
    record(true);
    await session.close();
    await log.close(async () => (await session.queryContext.config()).logging);
    const document = outcome?.json() ?? { message: failure ? oneLineMessage(failure) : '' };
    return { code: outcome?.exitCode ?? 1, stdout: jsonLine(document), stderr: '' };
  });

async function withInputFile(
  { input, args }: Pick<TrueScriptCall, 'input' | 'args'>,
  use: (args: readonly string[]) => Promise<Said>,
): Promise<Said> {
  if (input === undefined) return use(args);
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-fake-'));
  try {
    const file = path.join(folder, 'in');
    await writeFile(file, JSON.stringify(input));
    return await use(['-f', file]);
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
