import { existsSync } from 'node:fs';
import { drainMarkPath } from '../../../config/hostFactory/draining.ts';
import { providerLogDir, templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { messageOf } from '../../../config/input/jsonFile.ts';
import { OhfError } from '../../../domain/errors/errors.ts';
import { monitorId } from '../../../contract/ids.ts';
import { taskQueues } from '../../../contract/taskQueues.ts';
import { SEARCH_ATTRIBUTES } from '../../../contract/searchAttributes.ts';
import { logPath } from '../../../logging/file.ts';
import type { Figure } from '../../../worker/health/callStats.ts';
import { ofProvider } from '../../gateway/visibility.ts';
import { readOperationFigures, type OperationFigure } from './operationStats.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { withProvider, type Provider } from '../shared/providerContext.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
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
  let figures: readonly (Figure | OperationFigure)[] = [];
  const own = providerEnv(flags, env);
  const worker = textFlag(flags, 'worker');
  try {
    await withProvider(own, async (provider) => {
      await checkAll(provider, checks);
      figures = [
        ...(await operationFigures(provider)),
        ...(await askWorker(provider.config.metrics.listen, worker, checks)),
      ];
    });
  } catch (error) {
    // What was not reached has failed with it.
    checks.push({ check: 'configuration', result: 'failed', detail: reasonOf(error) });
  }
  const healthy = checks.every(({ result }) => result !== 'failed');
  await writeOut(
    flags['json'] === true
      ? `${JSON.stringify({ healthy, checks, figures })}\n`
      : table(
          ['CHECK', 'RESULT', 'DETAIL'],
          checks.map(({ check, result, detail }) => [check, result, detail]),
        ) + figuresText(figures),
  );
  return healthy ? 0 : 1;
};

async function checkAll(provider: Provider, checks: Check[]): Promise<void> {
  const { config, env, notes } = provider;
  const { temporal } = config;
  const ignored = notes.length > 0 ? `; ${notes.join(' ')}` : '';
  checks.push(ok('configuration', `${config.provider.name} of ${config.provider.deployment}${ignored}`));
  checks.push(await checked('templates', () => templatesOf(env)));
  const reached = await checked('temporal', async () => {
    await provider.visibility();
    return temporal.address;
  });
  checks.push(reached);
  if (reached.result === 'failed') return;
  checks.push(
    await checked('namespace', async () => {
      // Fails where there is no such namespace, or it is not ours to read.
      const open = await (await provider.visibility()).list(ofProvider(config, 'open'), 1);
      return `${temporal.namespace}, ${open.length > 0 ? 'with' : 'without'} open requests`;
    }),
    await searchAttributes(provider),
    await monitorOf(provider),
    ...(await Promise.all(queuesOf(provider).map((queue) => workersOf(provider, ...queue)))),
  );
}

/** What only a worker itself knows. */
async function askWorker(
  listen: string | undefined,
  asked: string | undefined,
  checks: Check[],
): Promise<readonly Figure[]> {
  const address = asked ?? listen;
  const check = 'in worker';
  if (address === undefined) {
    const detail =
      "provider, storage and event handlers: set metrics.listen, or name a worker's with --worker";
    checks.push({ check, result: 'unknown', detail });
    return [];
  }
  try {
    const status = await readWorkerStatus(address);
    for (const { check: name, ok: holds, degraded, detail } of status.checks) {
      const result = holds ? (degraded ? 'degraded' : 'ok') : 'failed';
      checks.push({ check: `in worker: ${name}`, result, detail });
    }
    return status.figures;
  } catch (error) {
    // Settings that two hosts share name an address that is another host's.
    checks.push({ check, result: asked === undefined ? 'unknown' : 'failed', detail: messageOf(error) });
    return [];
  }
}

async function operationFigures({ env, config }: Provider): Promise<readonly OperationFigure[]> {
  const folder = providerLogDir(env) ?? config.logging.directory;
  return folder === undefined
    ? []
    : readOperationFigures(logPath(folder, config.provider.name, 'provider')).catch(() => []);
}

/** Operations by the log of this host, the rest as the worker has counted since its start. */
function figuresText(figures: readonly (Figure | OperationFigure)[]): string {
  if (figures.length === 0) return '';
  const rows = figures.map(({ kind, name, calls, failed, meanSeconds }) => [
    `${kind}: ${name}`,
    calls,
    `${(100 * (1 - failed / calls)).toFixed(1)} %`,
    `${meanSeconds.toFixed(2)} s`,
  ]);
  return `\n${table(['FIGURE', 'CALLS', 'SUCCESS', 'MEAN'], rows)}`;
}

async function templatesOf(env: Provider['env']): Promise<string> {
  const { templates, problems } = await readTemplates(templatesPath(env));
  const bad = problems.length > 0 ? `, ${problems.length} problems: ${problems[0]?.message ?? ''}` : '';
  const drained = existsSync(drainMarkPath(env)) ? "; drained, launches nothing ('ohf drain --undo')" : '';
  return `${templates.length} usable${bad}${drained}`;
}

async function searchAttributes(provider: Provider): Promise<Check> {
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
    return { check, result: 'failed', detail: reasonOf(error) };
  }
}

/** What the monitor has found that nobody but a person can put right. */
async function monitorOf(provider: Provider): Promise<Check> {
  const check = 'monitor';
  const { deployment, name } = provider.config.provider;
  const id = monitorId(deployment, name);
  try {
    const monitor = await (await provider.visibility()).monitor(id);
    if (!monitor?.open) return { check, result: 'unknown', detail: `${id} does not run; a worker starts it` };
    const { alarms } = monitor;
    return alarms.length === 0 ? ok(check, id) : { check, result: 'failed', detail: alarms.join(' ') };
  } catch (error) {
    return { check, result: 'failed', detail: reasonOf(error) };
  }
}

type Queue = readonly [lane: string, name: string, kind: 'workflow' | 'activity'];

function queuesOf({ config }: Provider): readonly Queue[] {
  const queues = taskQueues(config.provider.deployment, config.provider.name);
  return Object.entries(queues).map(([lane, name]: [string, string]) => [
    lane,
    name,
    lane === 'workflows' ? 'workflow' : 'activity',
  ]);
}

async function workersOf(
  provider: Provider,
  lane: string,
  ...[name, kind]: [string, Queue[2]]
): Promise<Check> {
  const check = `worker: ${lane}`;
  try {
    const { count, seenSecondsAgo } = await (await provider.visibility()).pollers(name, kind);
    if (count > 0) return ok(check, `${count} on ${name}, last seen ${seenSecondsAgo} s ago`);
    return { check, result: 'failed', detail: `none on ${name}; start one with 'ohf worker'` };
  } catch (error) {
    return { check, result: 'failed', detail: reasonOf(error) };
  }
}

async function checked(check: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return ok(check, await ask());
  } catch (error) {
    return { check, result: 'failed', detail: reasonOf(error) };
  }
}

const ok = (check: string, detail: string): Check => ({ check, result: 'ok', detail });

function reasonOf(error: unknown): string {
  if (error instanceof OhfError) return error.message;
  return `internal error: ${messageOf(error)}`;
}
