import type { RebuildResult } from '../../../worker/pipeline/rebuild.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';
import type { Command } from '../../args/command.ts';

const MAX_LISTED_IDS = 20;

/** Makes the read model of this host's worker again. @returns 1 when something could not be read */
export const run: Command = async ({ flags }, env) => {
  const { isComplete, rebuildFromTemporal } = await importWorkerModule(
    () => import('../../../worker/pipeline/rebuild.ts'),
  );
  const rebuilt = await rebuildFromTemporal(env, {
    onProgress: (what, done) => printNote(`${what}: ${done}`),
    onNote: printNote,
  });
  const complete = isComplete(rebuilt);
  await writeStdout(
    flags['json'] === true ? `${JSON.stringify({ complete, ...rebuilt })}\n` : textOf(rebuilt),
  );
  return complete ? 0 : 1;
};

function textOf({
  events,
  requests,
  machines,
  unanswered,
  closedRequests,
  foundByTag,
  cloudError,
}: RebuildResult): string {
  const lines = [
    `made again: ${requests} requests with ${machines} machines; ${events} kept events told again`,
    ...idList('open before, and closed in Temporal', closedRequests),
    ...idList("live machines that only AWS's tags tell of", foundByTag),
    ...idList(
      'requests that did not answer; what Temporal keeps of them was taken. Start a worker, and run this again',
      unanswered.map(({ id, reason }) => `${id} (${reason})`),
    ),
    ...(cloudError === undefined
      ? []
      : [`AWS could not be read, so its live machines were not compared: ${cloudError}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function idList(label: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more =
    ids.length > MAX_LISTED_IDS ? `, and ${ids.length - MAX_LISTED_IDS} more (--json names all)` : '';
  return [`${ids.length} ${label}: ${ids.slice(0, MAX_LISTED_IDS).join(', ')}${more}`];
}
