import { existsSync } from 'node:fs';
import { drainMarkPath } from '../../config/draining.ts';
import { templatesPath } from '../../config/hfPaths.ts';
import { readTemplates } from '../../config/ibmTemplates.ts';
import { messageOf } from '../../config/jsonFile.ts';
import { OhfError } from '../../domain/shared/errors.ts';
import { monitorId } from '../../domain/shared/ids.ts';
import { taskQueues } from '../../domain/shared/queues.ts';
import { SEARCH_ATTRIBUTES } from '../../domain/shared/searchAttributes.ts';
import { ofProvider } from '../gateway/visibility.ts';
import { writeOut } from '../output.ts';
import { withProvider, type Provider } from '../provider.ts';
import { providerEnv } from '../providerEnv.ts';
import { table } from '../table.ts';
import type { Command } from './command.ts';

interface Check {
  readonly check: string;
  readonly result: 'ok' | 'failed' | 'unknown';
  readonly detail: string;
}

/** Says whether a provider can do its work, and what is in the way. @returns 1 when anything failed */
export const run: Command = async ({ flags }, env) => {
  const checks: Check[] = [];
  const own = providerEnv(flags, env);
  try {
    await withProvider(own, (provider) => checkAll(provider, checks));
  } catch (error) {
    // What was not reached has failed with it.
    checks.push({ check: 'configuration', result: 'failed', detail: reasonOf(error) });
  }
  const healthy = checks.every(({ result }) => result !== 'failed');
  await writeOut(
    flags['json'] === true
      ? `${JSON.stringify({ healthy, checks })}\n`
      : table(
          ['CHECK', 'RESULT', 'DETAIL'],
          checks.map(({ check, result, detail }) => [check, result, detail]),
        ),
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
      detail: `${missing.join(', ')} missing; a worker makes them at its start`,
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
