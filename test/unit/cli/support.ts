import type { TemporalCalls } from '../../../cli/gateway/gateway.ts';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built program; tests run from dist/test/unit/cli or dist/test/integration/cli. */
export const MAIN = fileURLToPath(new URL('../../../cli/main.cjs', import.meta.url));
export const SCRIPTS = fileURLToPath(new URL('../../../../cli/scripts', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Runs a program with nothing in its environment but `env`, as under `env -i`. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(command, args, {
    env: { ...options.env },
    cwd: options.cwd ?? '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr, ms: performance.now() - started }));
  });
}

/** Runs `ohf` as Host Factory's scripts do, without the scripts. */
export const ohf = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> =>
  run(process.execPath, [MAIN, ...args], { env });

/** Asserts that the whole output is one JSON object on one line and nothing else, and returns it. */
export function oneDocument({ stdout, stderr }: Outcome): Record<string, unknown> {
  assert.equal(stderr, '');
  assert.match(stdout, /^[^\n]+\n$/);
  const document: unknown = JSON.parse(stdout);
  assert.ok(typeof document === 'object' && document !== null && !Array.isArray(document), stdout);
  return { ...document };
}

/** Asserts Host Factory's form of a failure and returns its message. */
export function failureMessage(outcome: Outcome): string {
  const { message, ...rest } = oneDocument(outcome);
  assert.equal(outcome.code, 1, outcome.stdout);
  assert.deepEqual(rest, {});
  assert.ok(typeof message === 'string' && message !== '');
  assert.doesNotMatch(message, /\n|^\s+at |node:internal/);
  return message;
}

const unasked = (): Promise<never> => Promise.reject(new Error('not to be asked'));

/** A Temporal that answers what a test says; whatever it does not say fails. */
export function temporal(answers: Partial<TemporalCalls>): TemporalCalls {
  return {
    connect: unasked,
    start: unasked,
    query: unasked,
    signal: unasked,
    describe: unasked,
    inputOf: unasked,
    resultOf: unasked,
    close: unasked,
    ...answers,
  };
}
