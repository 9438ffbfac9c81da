import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HfOperation } from '../e2e/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { readAnswer, type Answer, type MachineRow, type StatusRow } from '../hfsim/answers.ts';
import { TEMPLATE, type Plugin, type World } from './plugin.ts';

export const OPERATIONS = [
  'getAvailableTemplates',
  'requestMachines',
  'getRequestStatus',
  'requestReturnMachines',
  'getReturnRequests',
] as const satisfies readonly HfOperation[];

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

export type Hosts = readonly Partial<Pick<MachineRow, 'name' | 'machineId'>>[];
type Going = Answer<'getReturnRequests'>['requests'];

/** What the checks have in hand: a plugin, its world, and Host Factory's way to call scripts. */
export interface Bench {
  readonly plugin: Plugin;
  readonly world: World;
  call(operation: HfOperation, input: unknown, manner?: Manner): Promise<Outcome>;
  /** @throws AssertionError unless the exit code is 0 and the output exactly one document as specified */
  ok<O extends HfOperation>(operation: O, input: unknown, manner?: Manner): Promise<Answer<O>>;
  /** @throws AssertionError unless the exit code is 1 and the output a message. @returns the message */
  refused(operation: HfOperation, input: unknown, manner?: Manner): Promise<string>;
  request(count: unknown, templateId?: string): Promise<string>;
  status(requestId: string): Promise<StatusRow>;
  /** Polls until the request is no longer running. */
  end(requestId: string, withinMs?: number): Promise<StatusRow>;
  /** Asks for machines and waits until all of them are there. */
  machines(count: number, templateId?: string): Promise<readonly MachineRow[]>;
  giveBack(hosts: Hosts): Promise<string>;
  going(hosts: Hosts): Promise<Going>;
  /** How many machines AWS ever launched. */
  launched(): Promise<number>;
  alive(): Promise<readonly string[]>;
  /** The same scripts for another provider, or in another environment. */
  of(plugin: Plugin): Bench;
}

/** ms that Host Factory lets a script run. */
const LIMIT_MS = 300_000;

export function createBench(plugin: Plugin, world: World): Bench {
  const bench: Bench = {
    plugin,
    world,
    call: (operation, input, manner = {}) => runScript(plugin, operation, input, manner),
    async ok(operation, input, manner) {
      return accepted(operation, await bench.call(operation, input, manner));
    },
    async refused(operation, input, manner) {
      return refusal(await bench.call(operation, input, manner));
    },
    async request(machineCount, templateId = TEMPLATE) {
      const { requestId } = await bench.ok('requestMachines', { template: { templateId, machineCount } });
      return requestId;
    },
    async status(requestId) {
      const { requests } = await bench.ok('getRequestStatus', { requests: [{ requestId }] });
      const [row] = requests;
      assert.ok(row && requests.length === 1, `one id was asked for, ${requests.length} are answered`);
      assert.equal(row.requestId, requestId, 'the status is of another request');
      return row;
    },
    async end(requestId, withinMs = 30_000) {
      const until = Date.now() + withinMs;
      for (;;) {
        const row = await bench.status(requestId);
        if (row.status !== 'running') return row;
        assert.ok(Date.now() < until, `${requestId} still runs after ${withinMs} ms: ${JSON.stringify(row)}`);
      }
    },
    async machines(count, templateId) {
      const { status, machines, message } = await bench.end(await bench.request(count, templateId));
      assert.equal(status, 'complete', message);
      assert.equal(machines.length, count, `${count} machines were asked for`);
      return machines;
    },
    async giveBack(hosts) {
      const machines = hosts.map(({ name, machineId }) => ({ name, machineId }));
      return (await bench.ok('requestReturnMachines', { machines })).requestId;
    },
    async going(hosts) {
      const machines = hosts.map(({ name, machineId }) => ({ name, machineId }));
      return (await bench.ok('getReturnRequests', { machines })).requests;
    },
    launched: async () => (await world.aws.summary()).launchedEver,
    alive: async () => (await world.aws.summary()).liveIds,
    of: (other) => createBench({ ...other, scripts: plugin.scripts }, world),
  };
  return bench;
}

/** @throws AssertionError unless this is what Host Factory can use */
export function accepted<O extends HfOperation>(operation: O, { code, output }: Outcome): Answer<O> {
  const reading = readAnswer(operation, { code, stdout: output, stderr: '' });
  if (reading.kind === 'answered') return reading.answer;
  const why = reading.kind === 'refused' ? `exit code 1: ${reading.message}` : reading.why;
  throw new assert.AssertionError({ message: `${operation}: ${why}` });
}

/** @throws AssertionError unless it is exit code 1 and a message of one line. @returns the message */
export function refusal({ code, output }: Outcome): string {
  assert.equal(code, 1, `exit code ${code}: ${output.slice(0, 300)}`);
  const reading = readAnswer('requestMachines', { code, stdout: output, stderr: '' });
  assert.ok(reading.kind === 'refused', `no message: ${output.slice(0, 300)}`);
  assert.doesNotMatch(reading.message, /\n|\bat .*:\d+:\d+/, 'a message is one line, without a stack');
  return reading.message;
}

/** One call as Host Factory makes it: a bare environment, `/` as directory, a file as input, one for the output. */
async function runScript(
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
  const child = spawn(script, manner.args ?? ['-f', inFile], {
    cwd: manner.cwd ?? '/',
    env: { ...(manner.env ?? env) },
    // A group of its own, so that a kill reaches all of it.
    detached: true,
    stdio: ['ignore', out.fd, out.fd],
  });
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

/** The templates file with other templates in it, or with this text. */
export const writeTemplates = ({ templatesFile }: Plugin, content: string | readonly object[]) =>
  writeFile(
    templatesFile,
    typeof content === 'string' ? content : JSON.stringify({ templates: content }, null, 2),
  );

export const readTemplates = async ({
  templatesFile,
}: Plugin): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  (
    JSON.parse(await readFile(templatesFile, 'utf8')) as {
      templates: readonly Readonly<Record<string, unknown>>[];
    }
  ).templates;

/** Waits until nothing but these lives in AWS. */
export const onlyThese = (bench: Bench, ids: readonly string[] = []): Promise<boolean> =>
  eventually(
    `only ${ids.length} machines are alive`,
    async () => {
      assert.deepEqual((await bench.alive()).toSorted(), [...ids].toSorted());
      return true;
    },
    10_000,
  );

/** Holds the next launch, whichever call of AWS it is made by. */
export async function holdLaunch({ world: { aws } }: Bench, mode: 'hold' | 'holdAfter') {
  const gates = await Promise.all(['CreateFleet', 'RunInstances'].map((action) => aws.addGate(action, mode)));
  return {
    arrived: () =>
      eventually(
        'a launch reaches AWS',
        async () =>
          (await Promise.all(gates.map(({ id }) => aws.gate(id)))).some(({ arrived }) => arrived > 0),
        20_000,
      ),
    release: () => aws.clearGates(),
  };
}
