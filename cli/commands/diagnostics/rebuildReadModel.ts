import type { Rebuilt } from '../../../worker/pipeline/rebuild.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { onWorkerHost, tell } from '../shared/workerHost.ts';
import type { Command } from '../../args/command.ts';

const MOST_NAMED = 20;

/** Makes the read model of this host's worker again. @returns 1 when something could not be read */
export const run: Command = async ({ flags }, env) => {
  const { isWhole, rebuild } = await onWorkerHost(() => import('../../../worker/pipeline/rebuild.ts'));
  const rebuilt = await rebuild(env, { onProgress: (what, done) => tell(`${what}: ${done}`), onNote: tell });
  const whole = isWhole(rebuilt);
  await writeOut(flags['json'] === true ? `${JSON.stringify({ whole, ...rebuilt })}\n` : textOf(rebuilt));
  return whole ? 0 : 1;
};

function textOf({ events, requests, machines, silent, ended, byTags, cloudError }: Rebuilt): string {
  const lines = [
    `made again: ${requests} requests with ${machines} machines; ${events} kept events told again`,
    ...named('open before, and closed in Temporal', ended),
    ...named("live machines that only AWS's tags tell of", byTags),
    ...named(
      'requests that did not answer; what Temporal keeps of them was taken. Start a worker, and run this again',
      silent.map(({ id, why }) => `${id} (${why})`),
    ),
    ...(cloudError === undefined
      ? []
      : [`AWS could not be read, so its live machines were not compared: ${cloudError}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function named(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > MOST_NAMED ? `, and ${ids.length - MOST_NAMED} more (--json names all)` : '';
  return [`${ids.length} ${what}: ${ids.slice(0, MOST_NAMED).join(', ')}${more}`];
}
