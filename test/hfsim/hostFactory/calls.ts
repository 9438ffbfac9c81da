import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import { readAnswer, type Answer, type Reading } from './answers.ts';

/** What becomes of one call. */
export interface Manner {
  /** `file`: the shell writes stdout into a file; `pipe`: Host Factory reads it, and only after `readAfterMs`. */
  readonly stdout: 'file' | 'pipe';
  readonly readAfterMs?: number;
  /** Killed after this time, though its limit is not reached: the script alone, or all that it started. */
  readonly kill?: { readonly afterMs: number; readonly what: 'script' | 'all' };
}

export type Outcome<O extends HfOperation> =
  | Reading<Answer<O>>
  /** Killed at its limit, or Host Factory itself was restarted meanwhile: nobody knows what it did. */
  | { readonly kind: 'lost'; readonly why: string };

/** One call, as it is remembered. */
export interface CallRecord {
  readonly operation: HfOperation;
  readonly input: unknown;
  /** Epoch ms */
  readonly at: number;
  /** ms */
  readonly took: number;
  readonly kind: Outcome<HfOperation>['kind'];
  readonly output: string;
}

export interface Caller {
  /** Runs one script. `abandon`: Host Factory goes, and the script stays. */
  call<O extends HfOperation>(
    operation: O,
    input: unknown,
    manner: Manner,
    abandon: AbortSignal,
  ): Promise<Outcome<O>>;
  readonly records: readonly CallRecord[];
  /** Waits for every process that a call left behind. */
  allEnded(withinMs: number): Promise<void>;
}

interface Setting {
  readonly scripts: string;
  readonly env: Record<string, string>;
  /** ms after which Host Factory kills a script. */
  readonly limitMs: number;
}

/** Runs the five scripts as Host Factory does: a bare environment, `/` as directory, `-f` and a file that soon goes. */
export function createCaller({ scripts, env, limitMs }: Setting): Caller {
  const folder = mkdtempSync(path.join(tmpdir(), 'hfsim-'));
  const records: CallRecord[] = [];
  const groups = new Set<number>();
  let number = 0;

  async function call<O extends HfOperation>(
    operation: O,
    input: unknown,
    manner: Manner,
    abandon: AbortSignal,
  ): Promise<Outcome<O>> {
    number += 1;
    const file = (stream: string) => path.join(folder, `hf_${stream}_${String(number).padStart(6, '0')}`);
    const [inFile, outFile, errFile] = [file('in'), file('out'), file('err')] as const;
    await writeFile(inFile, `${JSON.stringify(input, null, '\t')}\n`);
    const at = Date.now();
    const script = path.join(scripts, `${operation}.sh`);
    // The `exit` keeps the shell from becoming the script: what is killed at the limit is the shell.
    const line = `"$0" -f "$1" ${manner.stdout === 'file' ? `>"$2" 2>"$3"` : ''}; exit $?`;
    const child = spawn('/bin/sh', ['-c', line, script, inFile, outFile, errFile], {
      cwd: '/',
      env,
      // A group of its own: to kill all of it, and to see when the last one is gone.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) groups.add(child.pid);
    const end = await endOf(child, manner, limitMs, abandon);
    await rm(inFile, { force: true });
    let outcome: Outcome<O>;
    let output = '';
    if (end.kind === 'exit') {
      const stdout = manner.stdout === 'file' ? await readFile(outFile, 'utf8') : end.stdout;
      const stderr = manner.stdout === 'file' ? await readFile(errFile, 'utf8') : end.stderr;
      output = stdout;
      outcome = readAnswer(operation, { code: end.code, stdout, stderr });
    } else {
      outcome = { kind: 'lost', why: end.why };
    }
    await Promise.all([outFile, errFile].map((each) => rm(each, { force: true })));
    records.push({ operation, input, at, took: Date.now() - at, kind: outcome.kind, output });
    return outcome;
  }

  return {
    call,
    records,
    async allEnded(withinMs) {
      const until = Date.now() + withinMs;
      for (const group of groups) {
        while (isAlive(group) && Date.now() < until) await delay(50);
        if (isAlive(group)) process.kill(-group, 'SIGKILL');
      }
      groups.clear();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

type End =
  | { readonly kind: 'exit'; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'gone'; readonly why: string };

async function endOf(
  child: ChildProcess,
  manner: Manner,
  limitMs: number,
  abandon: AbortSignal,
): Promise<End> {
  const limit = manner.kill?.afterMs ?? limitMs;
  const whoseTime = new AbortController();
  const exit = exitOf(child, manner.readAfterMs ?? 0);
  const killed = delay(limit, undefined, { signal: whoseTime.signal }).then((): End => {
    kill(child, manner.kill?.what ?? 'script');
    return { kind: 'gone', why: `killed after ${limit} ms` };
  });
  const abandoned = aborted(abandon, whoseTime.signal).then((): End => ({
    kind: 'gone',
    why: 'Host Factory restarted',
  }));
  try {
    return await Promise.race([exit, killed, abandoned]);
  } finally {
    whoseTime.abort();
    // Nobody reads a lost call any more: a script that still writes meets a closed pipe.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

async function exitOf(child: ChildProcess, readAfterMs: number): Promise<End> {
  const streams = [child.stdout, child.stderr].map((stream) => reader(stream, readAfterMs));
  const [code] = (await once(child, 'close')) as [number | null];
  const [stdout, stderr] = streams.map((read) => read());
  return { kind: 'exit', code, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/** Reads a stream, and before `afterMs` nothing of it: a pipe fills up meanwhile. @returns gives what was read */
function reader(stream: Readable | null, afterMs: number): () => string {
  let text = '';
  let mayRead = afterMs === 0;
  const read = (): void => {
    if (!mayRead) return;
    for (;;) {
      const chunk = stream?.read() as string | null | undefined;
      if (typeof chunk !== 'string') return;
      text += chunk;
    }
  };
  // With this listener Node does not throw away what is unread at the end of the process.
  stream?.setEncoding('utf8').on('readable', read);
  setTimeout(() => {
    mayRead = true;
    read();
  }, afterMs);
  return () => text;
}

function aborted(signal: AbortSignal, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
    until.addEventListener('abort', end);
  });
}

function kill(child: ChildProcess, what: 'script' | 'all'): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  if (what === 'script') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}
