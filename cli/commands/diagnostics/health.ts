import { existsSync } from 'node:fs';
import { drainMarkerPath } from '../../../config/hostFactory/draining.ts';
import { providerLogDir, templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { messageOf } from '../../../config/input/jsonFile.ts';
import { OhfError } from '../../../domain/errors/errors.ts';
import { monitorId } from '../../../contract/ids.ts';
import { taskQueues } from '../../../contract/taskQueues.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { logPath } from '../../../logging/file.ts';
import type { CallStats } from '../../../worker/health/callStats.ts';
import { providerQuery } from '../../gateway/visibility.ts';
import { readOperationStats, type OperationStats } from './operationStats.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { withProvider, type ProviderContext } from '../shared/providerContext.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import { readWorkerStatus } from './workerStatus.ts';
import { textFlag, type Command } from '../../args/command.ts';

interface Check {
  readonly check: string;
  /** `degraded`: somebody has to mend it, and no request is held up. */
  readonly result: 'ok' | 'degraded' | 'failed' | 'unknown';
  readonly detail: string;
}

/** Says whether a provider can do its work, and what is in the way. @returns 1 when anything failed */
export const run: Command = async ({ flags }, env) => {
  const checks: Check[] = [];
  let stats: readonly (CallStats | OperationStats)[] = [];
  const scriptEnv = scriptEnvironment(flags, env);
  const worker = textFlag(flags, 'worker');
  try {
    await withProvider(scriptEnv, async (provider) => {
      await runChecks(provider, checks);
      stats = [
        ...(await operationStats(provider)),
        ...(await readWorkerChecks(provider.config.metrics.listen, worker, checks)),
      ];
    });
  } catch (error) {
    // What was not reached has failed with it.
    checks.push({ check: 'configuration', result: 'failed', detail: failureReason(error) });
  }
  const healthy = checks.every(({ result }) => result !== 'failed');
  await writeStdout(
    flags['json'] === true
      ? `${JSON.stringify({ healthy, checks, stats })}\n`
      : renderTable(
          ['CHECK', 'RESULT', 'DETAIL'],
          checks.map(({ check, result, detail }) => [check, result, detail]),
        ) + statsText(stats),
  );
  return healthy ? 0 : 1;
};

async function runChecks(provider: ProviderContext, checks: Check[]): Promise<void> {
  const { config, env, notes } = provider;
  const { temporal } = config;
  const ignored = notes.length > 0 ? `; ${notes.join(' ')}` : '';
  checks.push(ok('configuration', `${config.provider.name} of ${config.provider.deployment}${ignored}`));
  checks.push(await runCheck('templates', () => templatesSummary(env)));
  const temporalCheck = await runCheck('temporal', async () => {
    await provider.visibility();
    return temporal.address;
  });
  checks.push(temporalCheck);
  if (temporalCheck.result === 'failed') return;
  checks.push(
    await runCheck('namespace', async () => {
      // Fails where there is no such namespace, or it is not ours to read.
      const open = await (await provider.visibility()).list(providerQuery(config, 'open'), 1);
      return `${temporal.namespace}, ${open.length > 0 ? 'with' : 'without'} open requests`;
    }),
    await checkSearchAttributes(provider),
    await checkMonitor(provider),
    ...(await Promise.all(taskQueuesOf(provider).map((queue) => checkPollers(provider, ...queue)))),
  );
}

/** What only a worker itself knows. */
async function readWorkerChecks(
  listen: string | undefined,
  workerFlag: string | undefined,
  checks: Check[],
): Promise<readonly CallStats[]> {
  const address = workerFlag ?? listen;
  const check = 'in worker';
  if (address === undefined) {
    const detail =
      "provider, storage and event handlers: set metrics.listen, or name a worker's with --worker";
    checks.push({ check, result: 'unknown', detail });
    return [];
  }
  try {
    const status = await readWorkerStatus(address);
    for (const { check: name, ok: isOk, degraded, detail } of status.checks) {
      const result = isOk ? (degraded ? 'degraded' : 'ok') : 'failed';
      checks.push({ check: `in worker: ${name}`, result, detail });
    }
    return status.stats;
  } catch (error) {
    // Settings that two hosts share name an address that is another host's.
    checks.push({ check, result: workerFlag === undefined ? 'unknown' : 'failed', detail: messageOf(error) });
    return [];
  }
}

async function operationStats({ env, config }: ProviderContext): Promise<readonly OperationStats[]> {
  const folder = providerLogDir(env) ?? config.logging.directory;
  return folder === undefined
    ? []
    : readOperationStats(logPath(folder, config.provider.name, 'provider')).catch(() => []);
}

/** Operations by the log of this host, the rest as the worker has counted since its start. */
function statsText(stats: readonly (CallStats | OperationStats)[]): string {
  if (stats.length === 0) return '';
  const rows = stats.map(({ kind, name, calls, failed, meanSeconds }) => [
    `${kind}: ${name}`,
    calls,
    `${(100 * (1 - failed / calls)).toFixed(1)} %`,
    `${meanSeconds.toFixed(2)} s`,
  ]);
  return `\n${renderTable(['FIGURE', 'CALLS', 'SUCCESS', 'MEAN'], rows)}`;
}

async function templatesSummary(env: ProviderContext['env']): Promise<string> {
  const { templates, problems } = await readTemplates(templatesPath(env));
  const problemText =
    problems.length > 0 ? `, ${problems.length} problems: ${problems[0]?.message ?? ''}` : '';
  const drained = existsSync(drainMarkerPath(env)) ? "; drained, launches nothing ('ohf drain --undo')" : '';
  return `${templates.length} usable${problemText}${drained}`;
}

async function checkSearchAttributes(provider: ProviderContext): Promise<Check> {
  const check = 'search attributes';
  try {
    const present = await (await provider.visibility()).searchAttributes();
    if (!present) return { check, result: 'unknown', detail: 'this server does not say' };
    const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => !present.includes(name));
    if (missing.length === 0) return ok(check, Object.keys(SEARCH_ATTRIBUTES).join(', '));
    return {
      check,
      result: 'failed',
      detail: `${missing.join(', ')} missing; 'ohf temporal setup --apply' makes them`,
    };
  } catch (error) {
    return { check, result: 'failed', detail: failureReason(error) };
  }
}

/** What the monitor has found that nobody but a person can put right. */
async function checkMonitor(provider: ProviderContext): Promise<Check> {
  const check = 'monitor';
  const { deployment, name } = provider.config.provider;
  const id = monitorId(deployment, name);
  try {
    const monitor = await (await provider.visibility()).monitor(id);
    if (!monitor?.isOpen)
      return { check, result: 'unknown', detail: `${id} does not run; a worker starts it` };
    const { alarms } = monitor;
    return alarms.length === 0 ? ok(check, id) : { check, result: 'failed', detail: alarms.join(' ') };
  } catch (error) {
    return { check, result: 'failed', detail: failureReason(error) };
  }
}

type TaskQueueEntry = readonly [key: string, name: string, kind: 'workflow' | 'activity'];

function taskQueuesOf({ config }: ProviderContext): readonly TaskQueueEntry[] {
  const queues = taskQueues(config.provider.deployment, config.provider.name);
  return Object.entries(queues).map(([key, name]: [string, string]) => [
    key,
    name,
    key === 'workflows' ? 'workflow' : 'activity',
  ]);
}

async function checkPollers(
  provider: ProviderContext,
  key: string,
  ...[name, kind]: [string, TaskQueueEntry[2]]
): Promise<Check> {
  const check = `worker: ${key}`;
  try {
    const { count, lastPollSecondsAgo } = await (await provider.visibility()).pollers(name, kind);
    if (count > 0) return ok(check, `${count} on ${name}, last seen ${lastPollSecondsAgo} s ago`);
    return { check, result: 'failed', detail: `none on ${name}; start one with 'ohf worker'` };
  } catch (error) {
    return { check, result: 'failed', detail: failureReason(error) };
  }
}

async function runCheck(check: string, probe: () => Promise<string>): Promise<Check> {
  try {
    return ok(check, await probe());
  } catch (error) {
    return { check, result: 'failed', detail: failureReason(error) };
  }
}

const ok = (check: string, detail: string): Check => ({ check, result: 'ok', detail });

function failureReason(error: unknown): string {
  if (error instanceof OhfError) return error.message;
  return `internal error: ${messageOf(error)}`;
}
