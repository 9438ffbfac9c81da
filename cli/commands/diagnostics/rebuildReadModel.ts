import * as z from 'zod/mini';
import type { RebuildResult } from '../../../worker/pipeline/rebuild.ts';
import { defineCommand } from '../../operations/operation.ts';
import { importWorkerModule, printNote } from '../shared/workerHost.ts';

const MAX_LISTED_IDS = 20;

/** Rebuilds the read model of this host's worker. Exit code 1 if something could not be read. */
export const operation = defineCommand({
  schema: () => z.object({}),
  scope: 'workerHost',
  examples: ['rebuild-read-model', 'rebuild-read-model --json'],
  run: async (_input, { env }) => {
    const { isComplete, rebuildFromTemporal } = await importWorkerModule(
      () => import('../../../worker/pipeline/rebuild.ts'),
    );
    const rebuilt = await rebuildFromTemporal(env, {
      onProgress: (what, done) => printNote(`${what}: ${done}`),
      onNote: printNote,
    });
    return { complete: isComplete(rebuilt), ...rebuilt };
  },
  text: textOf,
  exitCode: ({ complete }) => (complete ? 0 : 1),
});

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
    `rebuilt: ${requests} requests with ${machines} machines; ${events} stored events redelivered`,
    ...idList('requests that are open in the events and closed in Temporal', closedRequests),
    ...idList("live machines that are known only from AWS's tags", foundByTag),
    ...idList(
      'requests that did not answer, so their history in Temporal was used. Start a worker, then run this command again',
      unanswered.map(({ id, reason }) => `${id} (${reason})`),
    ),
    ...(cloudError === undefined
      ? []
      : [`AWS could not be read, so live machines were not compared: ${cloudError}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function idList(label: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more =
    ids.length > MAX_LISTED_IDS ? `, and ${ids.length - MAX_LISTED_IDS} more (--json names all)` : '';
  return [`${ids.length} ${label}: ${ids.slice(0, MAX_LISTED_IDS).join(', ')}${more}`];
}
