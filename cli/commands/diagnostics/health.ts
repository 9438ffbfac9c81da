import { existsSync } from 'node:fs';
import * as z from 'zod/mini';
import type { Config } from '../../../config/index.ts';
import { drainMarkerPath } from '../../../config/hostFactory/draining.ts';
import { providerLogDir, templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { isOhfError } from '../../../domain/errors/errors.ts';
import { monitorId } from '../../../contract/ids.ts';
import { taskQueues } from '../../../contract/taskQueues.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { logPath } from '../../../logging/file.ts';
import type { CallStats } from '../../../worker/health/callStats.ts';
import { readOperationStats, type OperationStats } from './operationStats.ts';
import type { QueryContext } from '../../bus/context.ts';
import { textOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { renderTable } from '../../output/table.ts';
import { readWorkerStatus } from './workerStatus.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

interface Check {
  readonly check: string;
  /** `degraded`: an operator must fix it, but no request is delayed. */
  readonly result: 'ok' | 'degraded' | 'failed' | 'unknown';
  readonly detail: string;
}

/** Checks whether a provider can work, and what prevents it. Exit code 1 if a check fails. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      worker: textOption(
        '--worker <host:port>',
        "Address of a worker's health pages (default: the setting metrics.listen)",
      ),
    }),
  examples: [
    'health',
    'health --worker worker-host:9464',
    'health --hf-top $EGO_TOP/hostfactory --provider awsinst --json',
  ],
  run: async ({ worker }, context) => {
    const checks: Check[] = [];
    let stats: readonly (CallStats | OperationStats)[] = [];
    try {
      const provider = { context, config: await context.config(), notes: await context.configNotes() };
      await runChecks(provider, checks);
      stats = [
        ...(await operationStats(provider)),
        ...(await readWorkerChecks(provider.config.metrics.listen, worker, checks)),
      ];
    } catch (error) {
      // The checks after this one cannot run.
      checks.push({ check: 'configuration', result: 'failed', detail: failureReason(error) });
    }
    return { healthy: checks.every(({ result }) => result !== 'failed'), checks, stats };
  },
  text: ({ checks, stats }) =>
    renderTable(
      ['CHECK', 'RESULT', 'DETAIL'],
      checks.map(({ check, result, detail }) => [check, result, detail]),
    ) + statsText(stats),
  exitCode: ({ healthy }) => (healthy ? 0 : 1),
});

interface ProviderContext {
  readonly context: QueryContext;
  readonly config: Config;
  readonly notes: readonly string[];
}

async function runChecks(provider: ProviderContext, checks: Check[]): Promise<void> {
  const { config, context, notes } = provider;
  const { temporal } = config;
  const ignored = notes.length > 0 ? `; ${notes.join(' ')}` : '';
  checks.push(ok('configuration', `${config.provider.name} of ${config.provider.deployment}${ignored}`));
  checks.push(await runCheck('templates', () => templatesSummary(context.env)));
  const temporalCheck = await runCheck('temporal', async () => {
    await context.diagnostics();
    return temporal.address;
  });
  checks.push(temporalCheck);
  if (temporalCheck.result === 'failed') return;
  checks.push(
    await runCheck('namespace', async () => {
      // Fails if the namespace does not exist or the caller may not read it.
      const open = await context.requests.list({ isOpen: true }, 1);
      return `${temporal.namespace}, ${open.length > 0 ? 'with' : 'without'} open requests`;
    }),
    await checkSearchAttributes(provider),
    await checkMonitor(provider),
    ...(await Promise.all(taskQueuesOf(provider).map((queue) => checkPollers(provider, ...queue)))),
  );
}

/** Reads the checks that only a worker itself can make. */
async function readWorkerChecks(
  listen: string | undefined,
  workerFlag: string | undefined,
  checks: Check[],
): Promise<readonly CallStats[]> {
  const address = workerFlag ?? listen;
  const check = 'worker';
  if (address === undefined) {
    const detail = 'provider, storage and event handlers: set metrics.listen, or give --worker HOST:PORT';
    checks.push({ check, result: 'unknown', detail });
    return [];
  }
  try {
    const status = await readWorkerStatus(address);
    for (const { check: name, ok: isOk, degraded, detail } of status.checks) {
      const result = isOk ? (degraded ? 'degraded' : 'ok') : 'failed';
      checks.push({ check: `worker: ${name}`, result, detail });
    }
    return status.stats;
  } catch (error) {
    // Hosts may share their settings, so the address may be that of another host.
    checks.push({ check, result: workerFlag === undefined ? 'unknown' : 'failed', detail: messageOf(error) });
    return [];
  }
}

async function operationStats({
  context: { env },
  config,
}: ProviderContext): Promise<readonly OperationStats[]> {
  const folder = providerLogDir(env) ?? config.logging.directory;
  return folder === undefined
    ? []
    : readOperationStats(logPath(folder, config.provider.name, 'provider')).catch(() => []);
}

/** Operations are counted in this host's log; the rest is counted by the worker since its start. */
function statsText(stats: readonly (CallStats | OperationStats)[]): string {
  if (stats.length === 0) return '';
  const rows = stats.map(({ kind, name, calls, failed, meanSeconds }) => [
    `${kind}: ${name}`,
    calls,
    `${(100 * (1 - failed / calls)).toFixed(1)} %`,
    `${meanSeconds.toFixed(2)} s`,
  ]);
  return `\n${renderTable(['CALL', 'COUNT', 'SUCCESS', 'MEAN'], rows)}`;
}

async function templatesSummary(env: QueryContext['env']): Promise<string> {
  const { templates, problems } = await readTemplates(templatesPath(env));
  const problemText =
    problems.length > 0 ? `, ${problems.length} problems: ${problems[0]?.message ?? ''}` : '';
  const drained = existsSync(drainMarkerPath(env))
    ? "; drained, so it launches nothing; 'ohf drain --undo' ends this"
    : '';
  return `${templates.length} usable${problemText}${drained}`;
}

async function checkSearchAttributes(provider: ProviderContext): Promise<Check> {
  const check = 'search attributes';
  try {
    const present = await (await provider.context.diagnostics()).searchAttributes();
    if (!present) return { check, result: 'unknown', detail: 'this server does not report them' };
    const missing = Object.keys(SEARCH_ATTRIBUTES).filter((name) => !present.includes(name));
    if (missing.length === 0) return ok(check, Object.keys(SEARCH_ATTRIBUTES).join(', '));
    return {
      check,
      result: 'failed',
      detail: `${missing.join(', ')} missing; 'ohf temporal setup --apply' creates them`,
    };
  } catch (error) {
    return { check, result: 'failed', detail: failureReason(error) };
  }
}

/** Fails if the monitor has alarms, which are conditions that need an operator. */
async function checkMonitor(provider: ProviderContext): Promise<Check> {
  const check = 'monitor';
  const { deployment, name } = provider.config.provider;
  const id = monitorId(deployment, name);
  try {
    const monitor = await (await provider.context.diagnostics()).monitor(id);
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
  const check = `task queue: ${key}`;
  try {
    const { count, lastPollSecondsAgo } = await (await provider.context.diagnostics()).pollers(name, kind);
    if (count > 0) return ok(check, `${count} on ${name}, last poll ${lastPollSecondsAgo} s ago`);
    return { check, result: 'failed', detail: `no worker polls ${name}; start one with 'ohf worker'` };
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
  if (isOhfError(error)) return error.message;
  return `internal error: ${messageOf(error)}`;
}
