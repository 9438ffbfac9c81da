import { isObject } from '../../config/input/jsonFile.ts';
import type { OperationContext } from '../context.ts';
import type { StatusAnswer } from '../gateway/gateway.ts';
import { machineRow } from './machineRow.ts';
import { defineOperation } from './operation.ts';

/** Reads, but for telling an owner once that Host Factory has read its machines. */
export const operation = defineOperation({
  name: 'getRequestStatus',
  kind: 'query',
  // What a person reads Host Factory need not know of.
  inputFromArgs: (args) =>
    args.length > 0 ? { requests: args.map((requestId) => ({ requestId })), acknowledge: false } : {},
  fastPath: ({ requests, acknowledge }) => {
    if (!Array.isArray(requests) || (acknowledge !== undefined && typeof acknowledge !== 'boolean'))
      return undefined;
    const ids = requests.map((entry: unknown) => (isObject(entry) ? entry['requestId'] : undefined));
    if (!ids.every((id) => typeof id === 'string' && id !== '')) return undefined;
    return {
      requests: ids.map((requestId) => ({ requestId: String(requestId) })),
      ...(acknowledge === undefined ? {} : { acknowledge }),
    };
  },
  schema: async () => (await import('./schemas.ts')).statusRequest,
  run: ({ requests, acknowledge }, context) =>
    readStatuses(distinct(requests), acknowledge !== false, context),
});

const distinct = (requests: readonly { requestId: string }[]): readonly string[] => [
  ...new Set(requests.map(({ requestId }) => requestId)),
];

/** One row per id, in the order of the input. If one cannot be read, none is told: a part would be a lie. */
async function readStatuses(
  ids: readonly string[],
  mayAcknowledge: boolean,
  context: OperationContext,
): Promise<object> {
  if (ids.length === 0) return { requests: [] };
  context.log.addFields(ids.length === 1 ? { requestId: ids[0] } : { requestIds: ids });
  const gateway = await context.gateway();
  const answers = await gateway.readStatuses(ids, context.now());
  const unacknowledgedById = ids.map((id, index) => [id, answers[index]?.unacknowledged ?? []] as const);
  const toAcknowledge = mayAcknowledge
    ? unacknowledgedById.filter(([, machineIds]) => machineIds.length > 0)
    : [];
  await Promise.all(toAcknowledge.map(([id, machineIds]) => gateway.acknowledge(id, machineIds)));
  return { requests: ids.map((id, index) => statusRow(id, answers[index])) };
}

function statusRow(requestId: string, answer: StatusAnswer | undefined): object {
  if (!answer) throw new Error(`no status for ${requestId}`);
  const { status, message, machines } = answer;
  return { requestId, status, message, machines: machines.map(machineRow) };
}
