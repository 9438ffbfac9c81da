import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { dist } from '../scripts/lib/paths.mjs';
import { Problem } from '../scripts/lib/problem.mjs';

const MAIN = path.join(dist, 'cli', 'main.js');
const ATTRIBUTES = 'HfState=Keyword HfTemplate=Keyword HfProvider=Keyword HfRequestType=Keyword HfCount=Int';

/**
 * Starts Temporal's dev server, the simulated AWS and a worker in a temporary folder.
 * @param templates templates besides `demo`: templateId -> fields that differ from it
 * @param aws settings of `provider.aws`
 * @returns `env` for Host Factory's scripts, `folder`, Temporal's `address`, `endpoint` of the simulated AWS,
 *   `processes`, `start` for another process, and `stop` for everything
 */
export async function startStack(temporalCli, templates = {}, aws = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ohf-bench-'));
  const [temporal, simulator] = [await freePort(), await freePort()];
  const env = { HF_PROVIDER_NAME: 'awsinst', HF_PROVIDER_CONFDIR: folder, HF_PROVIDER_WORKDIR: folder };
  const [address, endpoint] = [`127.0.0.1:${temporal}`, `http://127.0.0.1:${simulator}`];
  const write = (name, value) => writeFileSync(path.join(folder, name), JSON.stringify(value));
  write('config.json', {
    temporal: { address, namespace: 'default' },
    provider: { deployment: 'bench', aws: { region: 'us-east-1', endpoint, ...aws } },
    storage: { directory: path.join(folder, 'storage') },
  });
  write('awsinstprov_config.json', { AWS_REGION: 'us-east-1' });
  write('awsinstprov_templates.json', {
    templates: Object.entries({ demo: {}, ...templates }).map(([templateId, own]) => ({
      ...TEMPLATE,
      templateId,
      ...own,
    })),
  });

  const children = [];
  const processes = {};
  const start = (command, args, more = {}) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    const service = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (service.output += text));
    return service;
  };
  const stop = async () => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  // The children must not outlive this process.
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => void stop().then(() => process.exit(1)));
  try {
    const attributes = ATTRIBUTES.split(' ').flatMap((attribute) => ['--search-attribute', attribute]);
    const server = 'server start-dev --headless --ip 127.0.0.1 --log-level error'.split(' ');
    const database = ['--db-filename', path.join(folder, 'temporal.db')];
    processes.temporal = start(temporalCli, [
      ...server,
      '--port',
      String(temporal),
      ...database,
      ...attributes,
    ]).child;
    const simulate = ['simulate-aws', '--port', String(simulator), '--pending-seconds', '1'];
    processes.simulator = start(process.execPath, [MAIN, ...simulate]).child;
    // The worker waits for its server, but exits if the server has not created the search attributes yet.
    for (let attempt = 1; ; attempt++) {
      const worker = start(process.execPath, [MAIN, 'worker'], {
        ...env,
        OHF_CONFIG: path.join(folder, 'config.json'),
        AWS_ACCESS_KEY_ID: 'simulated',
        AWS_SECRET_ACCESS_KEY: 'simulated',
      });
      processes.worker = worker.child;
      if (await isReady(worker)) break;
      if (attempt === 20) throw new Problem(`${worker.output}\nThe worker did not start.`);
      await delay(250);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, folder, address, endpoint, processes, start, stop };
}

/** Waits until the worker is ready or exits. @returns whether it is ready */
export async function isReady(worker) {
  while (worker.child.exitCode === null && !worker.output.includes('worker ready')) await delay(50);
  return worker.child.exitCode === null;
}

const TEMPLATE = {
  maxNumber: 10_000,
  attributes: { type: ['String', 'X86_64'], ncpus: ['Numeric', '1'], nram: ['Numeric', '4096'] },
  imageId: 'ami-00000000000000001',
  subnetId: 'subnet-0000000000000000a',
  vmType: 't3.medium',
};

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
