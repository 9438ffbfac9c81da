import { strict as assert } from 'node:assert';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../fixtures/removeFolder.ts';
import { startStack, type Stack, type StackTimers } from '../fixtures/stack/stack.ts';
import {
  KEPT_TEMPLATE,
  MOST,
  SPOT_TEMPLATE,
  TEMPLATE,
  WEIGHTED_TEMPLATE,
  type Plugin,
  type World,
} from './plugin.ts';
import { createWorld, writeSettings, type Settings } from './world.ts';

export interface Installed {
  readonly plugin: Plugin;
  readonly world: World;
  /** The simulated AWS. */
  readonly awsUrl: string;
  end(): Promise<void>;
}

const PROVIDER = 'awsinst';
const DEPLOYMENT = 'e2e';

/** As short as they can be: the checks are about what happens, not about when. */
const TIMERS: StackTimers = {
  bootSeconds: 0.2,
  endSeconds: 0.2,
  pollSeconds: { min: 0.25, max: 0.5 },
  consistencySeconds: 1,
  sweepSeconds: 1,
  deadlineSeconds: 900,
};

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
  template(TEMPLATE, { maxNumber: MOST, vmType: 't3.medium' }),
  template(SPOT_TEMPLATE, { ...spot, vmTypes: { 't3.medium': 1 } }),
  template(WEIGHTED_TEMPLATE, { ...spot, vmTypes: { 't3.medium': 4 } }),
  template(KEPT_TEMPLATE, { ...spot, vmTypes: { 't3.medium': 1 }, providerApi: 'EC2FleetMaintain' }),
];

/** Long enough for each of the five operations to meet each other one. */
const SOAK_SECONDS = 8;

/** Our plugin, installed into a folder of Host Factory's with `ohf install`, and all that it needs. */
export async function startInstalled(soakSeconds = SOAK_SECONDS): Promise<Installed> {
  const stack = await startStack(TIMERS);
  const top = await mkdtemp(path.join(tmpdir(), 'ohf-conformance-'));
  const worldConf = path.join(stack.hfEnvironment['HF_PROVIDER_CONFDIR'] ?? '', 'config.json');
  try {
    const settings = JSON.parse(await readFile(worldConf, 'utf8')) as Settings;
    for (const folder of ['1.2', 'conf', 'work', 'log']) await mkdir(path.join(top, folder));
    const plugin = await install(stack, top, PROVIDER, settings, TEMPLATES);
    return {
      plugin,
      world: createWorld(stack, plugin, settings, {
        templates: TEMPLATES,
        soakSeconds,
        times: { pendingSeconds: TIMERS.bootSeconds, shuttingDownSeconds: TIMERS.endSeconds },
        installTwin: () => install(stack, top, 'twin', settings, [template('twin', { vmType: 't3.medium' })]),
      }),
      awsUrl: settings.provider.aws.endpoint,
      async end() {
        // A worker that still runs would write into the folder as it goes.
        try {
          await stack.end();
        } finally {
          await removeFolder(top);
        }
      },
    };
  } catch (error) {
    await stack.end().catch(() => undefined);
    await removeFolder(top);
    throw error;
  }
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
