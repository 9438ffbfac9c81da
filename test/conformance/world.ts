import { strict as assert } from 'node:assert';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CLI, type Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import type { Settings as AwsSettings } from '../fixtures/cloud/simulatorClient.ts';
import { startForgetfulProxy } from '../fixtures/temporal/droppingProxy.ts';
import { launchForeign } from './foreign.ts';
import type { Plugin, World } from './plugin.ts';

/** What the world reads of our settings. */
export interface Settings {
  readonly provider: { readonly aws: { readonly endpoint: string } };
  readonly temporal: { readonly address: string };
  readonly request: { readonly deadlineSeconds: number };
}

/** What `restore` brings back, and how another instance is installed. */
interface Beginning {
  readonly templates: readonly object[];
  readonly soakSeconds: number;
  readonly times: Pick<AwsSettings, 'pendingSeconds' | 'shuttingDownSeconds'>;
  installTwin(): Promise<Plugin>;
}

const AWS = { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' };

/** Where our worker and our scripts look; nothing but this file knows it. */
const settingsPath = ({ env }: Plugin): string => path.join(env['HF_PROVIDER_CONFDIR'] ?? '', 'config.json');

export const writeSettings = (plugin: Plugin, settings: Settings): Promise<void> =>
  writeFile(settingsPath(plugin), JSON.stringify(settings));

/** All that surrounds our own plugin. */
export function createWorld(
  stack: Stack,
  plugin: Plugin,
  settings: Settings,
  { templates, soakSeconds, times, installTwin }: Beginning,
): World {
  const { simulator: aws, temporal } = stack;
  let temporalUp = true;

  const world: World = {
    aws,
    soakSeconds,
    launchForeign: (tags) => launchForeign(settings.provider.aws.endpoint, tags),
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
    async recorded() {
      const ids = new Set<string>();
      for await (const { workflowId, type } of temporal.workflow.list())
        if (type !== 'fleetMonitor') ids.add(workflowId);
      return [...ids];
    },
    async untilSettled(requestId, withinMs) {
      const isRunning = async () => {
        const { status, searchAttributes } = await temporal.workflow.getHandle(requestId).describe();
        const [state] = searchAttributes['HfState'] ?? [];
        return (
          status.name === 'RUNNING' &&
          (state === undefined || state === 'provisioning' || state === 'returning')
        );
      };
      // An id of a fake is nobody's: then only the time counts.
      await eventually(`${requestId} is settled`, async () => !(await isRunning()), withinMs).catch(
        () => undefined,
      );
    },
    async passRetention(requestId) {
      const closed: string[] = [];
      for await (const { runId, status } of temporal.workflow.list({ query: `WorkflowId = '${requestId}'` }))
        if (status.name !== 'RUNNING') closed.push(runId);
      assert.notEqual(closed.length, 0, `${requestId} has no history that Temporal could drop`);
      for (const runId of closed) {
        const execution = { namespace: 'default', workflowExecution: { workflowId: requestId, runId } };
        await temporal.workflowService.deleteWorkflowExecution(execution);
        await eventually(`the history of ${runId} is gone`, () =>
          temporal.workflow
            .getHandle(requestId, runId)
            .describe()
            .then(
              () => false,
              () => true,
            ),
        );
      }
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
      const twin = await installTwin();
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
        aws.setSettings({ ...times, consistencyLagMs: 0, addressLagMs: 0, pageSize: 0 }),
        writeSettings(plugin, settings),
        writeFile(plugin.templatesFile, JSON.stringify({ templates }, null, 2)),
      ]);
      if (!temporalUp) await world.startTemporal();
      if (!stack.isWorkerUp()) await world.startWorker();
      // A request under way would launch in the middle of the next check. One without an end is left to that.
      await eventually('all launches are over', () => isIdle(temporal), 15_000).catch(() => undefined);
      const { liveIds } = await aws.summary();
      for (const id of liveIds) {
        await aws.protect(id, false);
        await aws.terminate(id);
      }
    },
  };
  return world;
}

const isIdle = async (temporal: Stack['temporal']): Promise<boolean> =>
  (await temporal.workflow.count("HfState = 'provisioning' AND ExecutionStatus = 'Running'")).count === 0;

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
