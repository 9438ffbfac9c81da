import * as z from 'zod/mini';
import { ResourceNotFoundError } from '../../../domain/errors/errors.ts';
import { listArgument, switchOption } from '../../args/fields.ts';
import { defineCommand } from '../../operations/operation.ts';
import { renderTable } from '../../output/table.ts';

type Orphans = readonly (readonly [requestId: string, machines: number])[];

/** Creates owners from the machines' tags for requests that have none. Without --yes it only lists them. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      requestIds: listArgument('[...requestIds]', 'ids of requests that have no owner'),
      yes: switchOption('--yes', 'Create the owners (default: only list the requests)'),
    }),
  examples: ['adopt', 'adopt --yes', 'adopt req-01989c9e-7a0b-7c3d-9e4f-0123456789ab --yes'],
  isDryRun: ({ yes }) => yes !== true,
  run: async ({ requestIds, yes = false }, { machines, workflows, log }) => {
    const orphans = selectOrphans((await machines.report()).ownerlessRequests, requestIds);
    if (yes && orphans.length > 0) {
      const adopted = orphans.map(([requestId]) => requestId);
      await workflows.forceAdoption(adopted);
      log.addFields({ requestIds: adopted });
    }
    return { isAdopted: yes, orphans };
  },
  json: ({ isAdopted, orphans }) => ({
    adopted: isAdopted,
    requests: orphans.map(([requestId, machines]) => ({ requestId, machines })),
  }),
  text: ({ isAdopted, orphans }) => {
    if (orphans.length === 0) return 'none: every machine has an owner\n';
    const hint = isAdopted
      ? "each gets an adopter; 'ohf requests' lists them, and Host Factory can return their machines again\n"
      : 'nothing was changed; --yes creates an adopter for each, which keeps the machines until they are returned\n';
    return renderTable(['REQUEST', 'MACHINES'], orphans) + hint;
  },
});

/** @throws ResourceNotFoundError if a named request has an owner or no machines */
function selectOrphans(orphans: Orphans, requestIds: readonly string[]): Orphans {
  const notOrphaned = requestIds.find((id) => !orphans.some(([requestId]) => requestId === id));
  if (notOrphaned !== undefined) {
    throw new ResourceNotFoundError(
      `'${notOrphaned}' has an owner, or no live machines. It takes a few minutes until a lost owner is noticed; ` +
        "'ohf adopt' without an id lists the requests that have none.",
    );
  }
  return requestIds.length === 0 ? orphans : orphans.filter(([requestId]) => requestIds.includes(requestId));
}
