import * as z from 'zod/mini';
import { isRequestId } from '../../../contract/ids.ts';
import { listArgument } from '../../args/fields.ts';
import { defineCommand } from '../../operations/operation.ts';

const IDS = 'one or more ids of requests (req-…)';

/** Cancels requests: their owners release the machines that they have or still launch, then end. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      requestIds: listArgument('[...requestIds]', IDS, (id) => isRequestId(id.replace(/^own-/, ''))).check(
        z.minLength(1, IDS),
      ),
    }),
  examples: ['cancel req-01989c9e-7a0b-7c3d-9e4f-0123456789ab'],
  run: async ({ requestIds }, { workflows, log }) => {
    for (const requestId of requestIds) {
      await workflows.cancel(requestId);
      log.debug('requested the cancellation', { requestId });
    }
    return { cancelled: requestIds };
  },
  text: ({ cancelled }) =>
    cancelled
      .map((id) => `${id} releases its machines and ends; 'ohf request ${id} --watch' shows its progress\n`)
      .join(''),
});
