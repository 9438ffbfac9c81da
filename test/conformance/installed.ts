import { strict as assert } from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '../fixtures/eventually.ts';
import { startForgetfulProxy } from '../integration/cli/forgetfulProxy.ts';
import { CLI, startStack, type Stack, type StackTimers } from '../e2e/stack.ts';
import { SPOT_TEMPLATE, TEMPLATE, WEIGHTED_TEMPLATE, type Plugin, type World } from './plugin.ts';

export interface Installed {
  readonly plugin: Plugin;
  readonly world: World;
  /** The simulated AWS. */
  readonly awsUrl: string;
  end(): Promise<void>;
}

const PROVIDER = 'awsinst';
const DEPLOYMENT = 'e2e';
const AWS = { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' };

/** As short as they can be: the checks are about what happens, not about when. */
const TIMERS: StackTimers = {
  bootSeconds: 0.2,
  endSeconds: 0.2,
  pollSeconds: { min: 0.25, max: 0.5 },
  consistencySeconds: 1,
  sweepSeconds: 1,
  deadlineSeconds: 900,
};

/** Where our worker and our scripts look; nothing but this file knows it. */
const CONFIG = 'config.json';

const attributes = {
  type: ['String', 'X86_64'],
  ncpus: ['Numeric', '1'],
  ncores: ['Numeric', '2'],
  nram: ['Numeric', '4096'],
};
const template = (templateId: string, more: object): object => ({
  templateId,
  maxNumber: 100,
  attributes,
  imageId: 'ami-00000000000000001',
  subnetId: 'subnet-0000000000000000a',
  ...more,
});
const spot = { priceType: 'spot', fleetRole: 'arn:aws:iam::123456789012:role/fleet' };
const TEMPLATES = [
  template(TEMPLATE, { maxNumber: 1_000, vmType: 't3.medium' }),
  template(SPOT_TEMPLATE, { ...spot, vmTypes: { 't3.medium': 1 } }),
  template(WEIGHTED_TEMPLATE, { ...spot, vmTypes: { 't3.medium': 4 } }),
];

/** Our plugin, installed into a folder of Host Factory's with `ohf install`, and all that it needs. */
export async function startInstalled(): Promise<Installed> {
  const stack = await startStack(TIMERS);
  const top = await mkdtemp(path.join(tmpdir(), 'ohf-conformance-'));
  const worldConf = path.join(stack.hfEnvironment['HF_PROVIDER_CONFDIR'] ?? '', CONFIG);
  try {
    const settings = JSON.parse(await readFile(worldConf, 'utf8')) as Settings;
    for (const folder of ['1.2', 'conf', 'work', 'log']) await mkdir(path.join(top, folder));
    const plugin = await install(stack, top, PROVIDER, settings, TEMPLATES);
    return {
      plugin,
      world: worldOf(stack, top, plugin, settings),
      awsUrl: settings.provider.aws.endpoint,
      async end() {
        await rm(top, { recursive: true, force: true });
        await stack.end();
      },
    };
  } catch (error) {
    await rm(top, { recursive: true, force: true });
    await stack.end().catch(() => undefined);
    throw error;
  }
}

interface Settings {
  readonly provider: { readonly aws: { readonly endpoint: string } };
  readonly temporal: { readonly address: string };
  readonly request: { readonly deadlineSeconds: number };
}

async function install(
  stack: Stack,
  top: string,
  provider: string,
  settings: Settings,
  templates: readonly object[],
): Promise<Plugin> {
  const { code, output } = await stack.ohf(
    ...['install', '--hf-top', top, '--provider', provider, '--deployment', DEPLOYMENT],
    ...['--region', 'us-east-1'],
  );
  assert.equal(code, 0, output);
  const { OHF_GATEWAY } = stack.hfEnvironment;
  const conf = path.join(top, 'conf', 'providers', provider);
  const plugin: Plugin = {
    scripts: path.join(top, '1.2', 'providerplugins', 'ohf', 'scripts'),
    templatesFile: path.join(conf, `${provider}prov_templates.json`),
    env: {
      HF_TOP: top,
      HF_VERSION: '1.2',
      HF_CONFDIR: path.join(top, 'conf'),
      HF_WORKDIR: path.join(top, 'work'),
      HF_LOGDIR: path.join(top, 'log'),
      HF_PROVIDER_NAME: provider,
      HF_PROVIDER_CONFDIR: conf,
      HF_PROVIDER_WORKDIR: path.join(top, 'work', 'providers', provider),
      HF_PROVIDER_LOGDIR: path.join(top, 'log'),
      ...(OHF_GATEWAY === undefined ? {} : { OHF_GATEWAY }),
    },
  };
  await writeSettings(plugin, settings);
  await writeFile(plugin.templatesFile, JSON.stringify({ templates }, null, 2));
  return plugin;
}

const settingsPath = ({ env }: Plugin): string => path.join(env['HF_PROVIDER_CONFDIR'] ?? '', CONFIG);

const writeSettings = (plugin: Plugin, settings: Settings): Promise<void> =>
  writeFile(settingsPath(plugin), JSON.stringify(settings));

function worldOf(stack: Stack, top: string, plugin: Plugin, settings: Settings): World {
  const { simulator: aws } = stack;
  let temporalUp = true;

  const world: World = {
    aws,
    startWorker: () => stack.startWorker(),
    stopWorker: async () => void (await stack.stopWorker()),
    killWorker: () => stack.killWorker(),
    async startTemporal() {
      await stack.startTemporal();
      temporalUp = true;
    },
    async stopTemporal() {
      temporalUp = false;
      await stack.stopTemporal();
    },
    setBound: (deadlineSeconds) => writeSettings(plugin, { ...settings, request: { deadlineSeconds } }),
    async withoutAnswers(use) {
      // The name of the workflow that a request starts: what comes after it is lost.
      const proxy = await startForgetfulProxy(settings.temporal.address, 'machineRequest');
      try {
        return await use({ ...plugin, env: { ...plugin.env, TEMPORAL_ADDRESS: proxy.address } });
      } finally {
        proxy.stop();
      }
    },
    async withTwin(use) {
      const twin = await install(stack, top, 'twin', settings, [template('twin', { vmType: 't3.medium' })]);
      const worker = await startTwinsWorker(twin);
      try {
        return await use(twin);
      } finally {
        const exit = once(worker, 'exit');
        worker.kill('SIGTERM');
        await exit;
      }
    },
    async restore() {
      await aws.clearGates();
      await Promise.all([
        aws.deny([]),
        aws.setPools([]),
        aws.setQuotas({}),
        aws.setSettings(INITIAL),
        writeSettings(plugin, settings),
        writeFile(plugin.templatesFile, JSON.stringify({ templates: TEMPLATES }, null, 2)),
      ]);
      if (!temporalUp) await world.startTemporal();
      if (!stack.isWorkerUp()) await world.startWorker();
      const { liveIds } = await aws.summary();
      for (const id of liveIds) {
        await aws.protect(id, false);
        await aws.terminate(id);
      }
    },
  };
  return world;
}

const INITIAL = {
  pendingSeconds: TIMERS.bootSeconds,
  shuttingDownSeconds: TIMERS.endSeconds,
  consistencyLagMs: 0,
};

async function startTwinsWorker(twin: Plugin): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CLI, 'worker'], {
    env: {
      ...process.env,
      ...AWS,
      OHF_CONFIG: settingsPath(twin),
      HF_PROVIDER_NAME: twin.env['HF_PROVIDER_NAME'],
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually("the twin's worker is ready", () => {
    assert.equal(child.exitCode, null, `it ended: ${output}`);
    return output.includes('worker ready');
  });
  return child;
}
