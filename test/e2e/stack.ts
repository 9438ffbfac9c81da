import { strict as assert } from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON, type History } from '@temporalio/common/lib/proto-utils.js';
import { BUNDLE_PATH } from '../../worker/bundle.ts';
import { freePort } from '../fixtures/freePort.ts';
import { quietRuntime } from '../fixtures/quietRuntime.ts';
import { replayAll, type Replayable } from '../fixtures/replay.ts';
import { simulatorControl } from '../fixtures/simulatorClient.ts';
import { eventually } from '../fixtures/eventually.ts';

/**
 * Everything in processes of its own, as in real life: Temporal's dev server, the simulated AWS, a worker;
 * and Host Factory's scripts, each call a process under a bare environment, from `/`.
 */
export interface Stack {
  /** The folder of Host Factory's scripts, and the environment it gives them. */
  readonly scripts: string;
  readonly hfEnvironment: Record<string, string>;
  readonly simulator: ReturnType<typeof simulatorControl>;
  readonly temporal: Client;
  readonly temporalAddress: string;
  /** The folder of all log files; the audit log is in it at `storage/e2e.awsinst/audit.log`. */
  readonly logs: string;
  /** Where the worker serves its health and metrics. */
  readonly health: string;
  /** Runs one script of Host Factory with this input. */
  hf(operation: HfOperation, input: unknown): Promise<HfAnswer>;
  /** Runs one script with raw arguments. */
  hfArguments(operation: HfOperation, args: readonly string[]): Promise<HfAnswer>;
  /** Runs `ohf` as a person does, in the provider's environment. */
  ohf(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Runs `ohf` on the worker's host, with the worker's settings. */
  ohfOnWorker(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  /** Where the worker keeps its outbox and its read model. */
  readonly storage: string;
  startWorker(): Promise<void>;
  isWorkerUp(): boolean;
  workerPid(): number | undefined;
  /** Starts a worker that can't start, and waits for its end. */
  failToStartWorker(
    env: NodeJS.ProcessEnv,
  ): Promise<{ readonly code: number | null; readonly output: string }>;
  /** SIGSTOP, as on a host that hangs; another worker may be started beside it. */
  pauseWorker(): PausedWorker;
  /** SIGKILL: the worker gets no chance to clean up. */
  killWorker(): Promise<void>;
  /** SIGTERM, and waits for its end. @returns its exit code */
  stopWorker(): Promise<number | null>;
  startTemporal(): Promise<void>;
  stopTemporal(): Promise<void>;
  /** Its database is gone, and it starts with an empty one. */
  loseTemporal(): Promise<void>;
  /** Replays every run that was made against the workflow code of now, then ends all processes. */
  end(): Promise<void>;
}

export interface PausedWorker {
  goOn(): void;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
}

export type HfOperation =
  | 'getAvailableTemplates'
  | 'requestMachines'
  | 'getRequestStatus'
  | 'requestReturnMachines'
  | 'getReturnRequests';

export interface HfAnswer {
  readonly code: number | null;
  /** stdout and stderr together: Host Factory may merge them. */
  readonly output: string;
  /** The one JSON document of the output. */
  readonly json: Record<string, unknown>;
  /** ms */
  readonly took: number;
}

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const CLI = path.join(root, 'dist', 'cli', 'main.js');
const SCRIPTS = path.join(root, 'cli', 'scripts');
const PROVIDER = 'awsinst';
const PAUSED = 'paused worker';
/** The secret of the worker: it may stand in no history, no log and no file. */
const PLANTED = 'planted-secret-4711';

/** All in seconds. */
export interface StackTimers {
  readonly bootSeconds: number;
  readonly endSeconds: number;
  readonly pollSeconds: { readonly min: number; readonly max: number };
  readonly consistencySeconds: number;
  readonly sweepSeconds: number;
  readonly deadlineSeconds: number;
  /** When a machine is missed that Host Factory's lists lack. */
  readonly unclaimed?: { readonly lists: number; readonly minAgeSeconds: number };
}

export const QUICK: StackTimers = {
  bootSeconds: 1,
  endSeconds: 1,
  pollSeconds: { min: 0.25, max: 1 },
  consistencySeconds: 1,
  sweepSeconds: 1,
  deadlineSeconds: 900,
};

/**
 * @param templates beside the one of the fixture, `demo`
 * @param options hearsAws: the worker listens to the queue of the simulated AWS
 */
export async function startStack(
  timers: StackTimers = QUICK,
  templates: readonly object[] = [],
  { hearsAws = false }: { readonly hearsAws?: boolean } = {},
): Promise<Stack> {
  const cli = process.env['OHF_TEMPORAL_CLI'];
  quietRuntime();
  assert.ok(cli, 'OHF_TEMPORAL_CLI must name the Temporal CLI; `npm test` finds and sets it');
  const folder = await mkdtemp(path.join(tmpdir(), 'ohf-e2e-'));
  const conf = path.join(folder, 'conf with space');
  await mkdir(conf);
  const [temporalPort, simulatorPort, healthPort] = [await freePort(), await freePort(), await freePort()];
  const address = `127.0.0.1:${temporalPort}`;
  const endpoint = `http://127.0.0.1:${simulatorPort}`;
  await writeConfiguration(conf, address, endpoint, timers, templates);
  const workerEnv = {
    OHF_CONFIG: path.join(conf, 'config.json'),
    HF_PROVIDER_NAME: PROVIDER,
    OHF_METRICS_LISTEN: `127.0.0.1:${healthPort}`,
    AWS_ACCESS_KEY_ID: 'simulated',
    AWS_SECRET_ACCESS_KEY: PLANTED,
    ...(hearsAws ? { OHF_PROVIDER_AWS_INTERRUPTION_QUEUE: `${endpoint}/000000000000/interruptions` } : {}),
  };
  const withoutHealth = { ...workerEnv, OHF_METRICS_LISTEN: '' };
  const children = new Map<string, ChildProcess>();
  const outputs: (() => string)[] = [];

  async function start(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.set(name, child);
    let output = '';
    outputs.push(() => output);
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return { child, output: () => output };
  }

  async function stop(name: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = children.get(name);
    children.delete(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exit) as [number | null];
    return code;
  }

  const connection = Connection.lazy({ address });
  const temporal = new Client({ connection });
  const simulator = simulatorControl(endpoint);

  const hfEnvironment = {
    HF_PROVIDER_NAME: PROVIDER,
    HF_PROVIDER_CONFDIR: conf,
    HF_PROVIDER_WORKDIR: folder,
    HF_PROVIDER_LOGDIR: folder,
    // `OHF_GATEWAY=sdk npm test -- test/e2e/roundTrip.test.ts` runs it all through Temporal's own client.
    ...(process.env['OHF_GATEWAY'] === undefined ? {} : { OHF_GATEWAY: process.env['OHF_GATEWAY'] }),
  };

  const stack: Stack = {
    scripts: SCRIPTS,
    hfEnvironment,
    simulator,
    temporal,
    temporalAddress: address,
    logs: folder,
    health: `http://127.0.0.1:${healthPort}`,
    hf: async (operation, input) => {
      const file = path.join(folder, `hf in ${Math.random().toString(36).slice(2)}`);
      await writeFile(file, JSON.stringify(input, null, '\t'));
      const answer = await stack.hfArguments(operation, ['-f', file]);
      await rm(file);
      return answer;
    },
    hfArguments: (operation, args) => runScript(operation, args, hfEnvironment),
    ohf: (...args) => runOhf(args, hfEnvironment),
    ohfOnWorker: (...args) => runOhf(args, workerEnv),
    storage: path.join(folder, 'storage', `e2e.${PROVIDER}`),
    async failToStartWorker(env) {
      const { child, output } = await start('failing worker', process.execPath, [CLI, 'worker'], {
        // The address may be the running worker's.
        ...withoutHealth,
        ...env,
      });
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, output: output() };
    },
    async startWorker() {
      // A paused one has the address still.
      const env = [...children.keys()].some((name) => name.startsWith(PAUSED)) ? withoutHealth : workerEnv;
      const { child, output } = await start('worker', process.execPath, [CLI, 'worker'], env);
      await eventually(
        'the worker is ready or ends',
        () => child.exitCode !== null || output().includes('worker ready'),
      );
      assert.equal(child.exitCode, null, `the worker ended: ${output()}`);
    },
    isWorkerUp() {
      const worker = children.get('worker');
      return worker !== undefined && worker.exitCode === null && worker.signalCode === null;
    },
    workerPid: () => children.get('worker')?.pid,
    pauseWorker() {
      const worker = children.get('worker');
      const name = `${PAUSED} ${worker?.pid}`;
      worker?.kill('SIGSTOP');
      children.delete('worker');
      if (worker) children.set(name, worker);
      return {
        goOn() {
          worker?.kill('SIGCONT');
          if (!worker || children.has('worker')) return;
          children.delete(name);
          children.set('worker', worker);
        },
        stop: async () => void (await stop(name, 'SIGTERM')),
      };
    },
    killWorker: async () => void (await stop('worker', 'SIGKILL')),
    stopWorker: () => stop('worker', 'SIGTERM'),
    async startTemporal() {
      const attributes = ['HfState', 'HfTemplate', 'HfProvider', 'HfRequestType'].map(
        (name) => `${name}=Keyword`,
      );
      const args = [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(temporalPort)],
        ...['--db-filename', path.join(folder, 'temporal.db'), '--log-level', 'error'],
        // What was committed survives a kill; only a power cut could lose it.
        ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=0'],
        ...[...attributes, 'HfCount=Int'].flatMap((attribute) => ['--search-attribute', attribute]),
      ];
      for (let attempt = 1; ; attempt += 1) {
        const { child, output } = await start('temporal', cli, args);
        const end = await eventually('Temporal is ready', async () => {
          if (child.exitCode !== null) return 'ended';
          await temporal.workflowService.describeNamespace({ namespace: 'default' });
          return 'ready';
        });
        if (end === 'ready') return;
        // It chooses ports for itself as well; another server that starts at this moment may be quicker.
        assert.ok(attempt < 3, `Temporal does not start: ${output()}`);
      }
    },
    stopTemporal: async () => void (await stop('temporal', 'SIGKILL')),
    async loseTemporal() {
      await stack.stopTemporal();
      const files = (await readdir(folder)).filter((file) => file.startsWith('temporal.db'));
      for (const file of files) await rm(path.join(folder, file));
      await stack.startTemporal();
    },
    async end() {
      try {
        await replayHistories(temporal);
        // Temporal's database too, in which the histories are.
        assert.deepEqual(await holdingSecret(folder), []);
        for (const output of outputs) assert.ok(!output().includes(PLANTED), 'an output holds the secret');
      } finally {
        await endProcesses();
      }
    },
  };

  async function endProcesses(): Promise<void> {
    for (const name of [...children.keys()]) await stop(name, 'SIGKILL');
    await connection.close();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await Promise.all([
      stack.startTemporal(),
      start('simulator', process.execPath, [
        ...[CLI, 'simulate-aws', '--port', String(simulatorPort), '--state', path.join(folder, 'aws.jsonl')],
        ...['--pending-seconds', String(timers.bootSeconds)],
        ...['--shutting-down-seconds', String(timers.endSeconds)],
      ]).then(() => eventually('the simulated AWS is ready', () => simulator.summary())),
    ]);
    await stack.startWorker();
  } catch (error) {
    // A stack that did not come up leaves no process behind.
    await endProcesses();
    throw error;
  }
  return stack;
}

/** Files below a folder in which the worker's secret stands. */
async function holdingSecret(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  // What ends meanwhile, e.g. a lock, holds nothing any more.
  const contents = await Promise.all(files.map((file) => readFile(file).catch(() => Buffer.alloc(0))));
  return files.filter((_, index) => contents[index]?.includes(PLANTED));
}

/** @throws Error for the first that cannot be replayed; its history is kept, for the stack is about to go */
async function replayHistories(temporal: Client): Promise<void> {
  let last: Replayable | undefined;
  async function* remembered(): AsyncGenerator<Replayable> {
    for await (const each of temporal.workflow.list().intoHistories({ concurrency: 5 })) yield (last = each);
  }
  try {
    assert.ok((await replayAll({ codePath: BUNDLE_PATH }, remembered())) > 0, 'nothing was replayed');
  } catch (error) {
    const kept = path.join(tmpdir(), `ohf-replay-${last?.workflowId}.json`);
    if (last) await writeFile(kept, historyToJSON(last.history as History));
    throw new Error(`a history cannot be replayed; it is kept in ${kept}`, { cause: error });
  }
}

async function runOhf(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: '/', env });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** As Host Factory does: a bare environment, another working directory, stdout and stderr in one file. */
export async function runScript(
  operation: HfOperation,
  args: readonly string[],
  env: Record<string, string>,
): Promise<HfAnswer> {
  const began = Date.now();
  const script = path.join(SCRIPTS, `${operation}.sh`);
  const child = spawn(script, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  const json = JSON.parse(output) as Record<string, unknown>;
  return { code, output, json, took: Date.now() - began };
}

async function writeConfiguration(
  conf: string,
  address: string,
  endpoint: string,
  { pollSeconds, consistencySeconds, sweepSeconds, deadlineSeconds, unclaimed }: StackTimers,
  templates: readonly object[],
): Promise<void> {
  const write = (name: string, content: unknown): Promise<void> =>
    writeFile(path.join(conf, name), JSON.stringify(content));
  await write('config.json', {
    temporal: { address, namespace: 'default' },
    provider: {
      deployment: 'e2e',
      aws: {
        region: 'us-east-1',
        endpoint,
        pollSeconds,
        consistencySeconds,
        sweepSeconds,
      },
    },
    request: { deadlineSeconds },
    ...(unclaimed ? { unclaimed } : {}),
    storage: { directory: path.join(path.dirname(conf), 'storage') },
    logging: { directory: path.dirname(conf) },
  });
  await write(`${PROVIDER}prov_config.json`, { AWS_REGION: 'us-east-1' });
  const fixture = await readFile(path.join(root, 'test', 'fixtures', 'awsinstprov_templates.json'), 'utf8');
  const file = JSON.parse(fixture) as { templates: object[] };
  await write(`${PROVIDER}prov_templates.json`, { templates: [...file.templates, ...templates] });
}
