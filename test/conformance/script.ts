import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../fixtures/removeFolder.ts';
import type { HfOperation } from '../fixtures/stack/stack.ts';
import type { Answer } from './fakes/fake.ts';
import { runTrueOperation, runTrueScript } from './fakes/trueScript.ts';
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
  plugin: Plugin,
  operation: HfOperation,
  input: unknown,
  manner: Manner,
): Promise<Outcome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-conformance-'));
  const inFile = path.join(folder, manner.inputName ?? 'hf_in_Ab12Cd');
  await writeFile(inFile, manner.raw ?? `${JSON.stringify(input, null, '\t')}\n`);
  const call: Call = {
    operation,
    manner,
    args: manner.args ?? ['-f', inFile],
    env: { ...(manner.env ?? plugin.env) },
    out: path.join(folder, 'out'),
    children: new Set(),
  };
  const began = Date.now();
  let killed = false;
  const timer = setTimeout(() => {
    killed = true;
    for (const child of call.children) killGroup(child);
  }, manner.killAfterMs ?? LIMIT_MS);
  try {
    const { code, output } = await (plugin.answer
      ? answered(plugin, plugin.answer, call)
      : run(plugin, call));
    // Host Factory deletes its file as soon as the script has ended.
    await rm(inFile);
    return { code: killed ? null : code, output, took: Date.now() - began };
  } finally {
    clearTimeout(timer);
    await removeFolder(folder);
  }
}

interface Call {
  readonly operation: HfOperation;
  readonly manner: Manner;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The file for stdout and stderr. */
  readonly out: string;
  /** The running processes of the call. */
  readonly children: Set<ChildProcess>;
}

const commandOf = ({ scripts }: Plugin, { plain, script }: Manner, operation: HfOperation) => [
  ...(plain && isRoot ? PLAIN : []),
  script ?? path.join(scripts, `${operation}.sh`),
];

async function run(plugin: Plugin, { operation, manner, args, env, out, children }: Call) {
  const file = await open(out, 'w');
  try {
    const [command = '', ...words] = commandOf(plugin, manner, operation);
    const child = spawn(command, [...words, ...args], {
      cwd: manner.cwd ?? '/',
      env,
      // A group of its own, so that a kill reaches all of it.
      detached: true,
      stdio: ['ignore', manner.unread ? 'pipe' : file.fd, file.fd],
    });
    child.stdout?.destroy();
    children.add(child);
    const [code] = (await once(child, 'exit')) as [number | null];
    children.delete(child);
    return { code, output: await readFile(out, 'utf8') };
  } finally {
    await file.close();
  }
}

/** What only a process of its own shows: a kill, permissions, a directory, Node's own options. */
const needsProcess = ({ cwd, script, plain, unread, killAfterMs }: Manner, env: NodeJS.ProcessEnv): boolean =>
  [cwd, script, plain, unread, killAfterMs, env['NODE_OPTIONS'], env['NODE_DEBUG']].some(Boolean);

/** A fake answers in this process, and so does the operation behind it unless the call needs a process. */
async function answered(plugin: Plugin, answer: Answer, { operation, manner, args, env, children }: Call) {
  const { code, stdout, stderr } = await answer({
    operation,
    args,
    env,
    really: ({ operation: which = operation, input, env: more } = {}) => {
      const call = { args, input, env: { ...env, ...more } };
      if (!needsProcess(manner, call.env)) return runTrueOperation(which, call);
      return runTrueScript({
        ...call,
        command: commandOf(plugin, which === operation ? manner : {}, which),
        cwd: manner.cwd ?? '/',
        detached: true,
        onStart(child) {
          children.add(child);
          child.on('exit', () => children.delete(child));
        },
      });
    },
  });
  return { code, output: `${stderr ?? ''}${stdout}` };
}

function killGroup({ pid }: ChildProcess): void {
  // It may have ended this very moment; its exit event is on the way.
  if (pid !== undefined && isAlive(pid)) process.kill(-pid, 'SIGKILL');
}

function isAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}
