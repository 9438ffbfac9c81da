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
  inputFromWords: (words) =>
    words.length > 0 ? { requests: words.map((requestId) => ({ requestId })), claim: false } : {},
  usual: ({ requests, claim }) => {
    if (!Array.isArray(requests) || (claim !== undefined && typeof claim !== 'boolean')) return undefined;
    const ids = requests.map((entry: unknown) => (isObject(entry) ? entry['requestId'] : undefined));
    if (!ids.every((id) => typeof id === 'string' && id !== '')) return undefined;
    return {
      requests: ids.map((requestId) => ({ requestId: String(requestId) })),
      ...(claim === undefined ? {} : { claim }),
    };
  },
  schema: async () => (await import('./schemas.ts')).statusRequest,
  run: ({ requests, claim }, context) => readStatuses(distinct(requests), claim !== false, context),
});

const distinct = (requests: readonly { requestId: string }[]): readonly string[] => [
  ...new Set(requests.map(({ requestId }) => requestId)),
];

/** One row per id, in the order of the input. If one cannot be read, none is told: a part would be a lie. */
async function readStatuses(
  ids: readonly string[],
  mayClaim: boolean,
  context: OperationContext,
): Promise<object> {
  if (ids.length === 0) return { requests: [] };
  context.log.about(ids.length === 1 ? { requestId: ids[0] } : { requestIds: ids });
  const gateway = await context.gateway();
  const answers = await gateway.statusOf(ids, context.now());
  const claims = ids.map((id, index) => [id, answers[index]?.unclaimed ?? []] as const);
  const wanted = mayClaim ? claims.filter(([, unclaimed]) => unclaimed.length > 0) : [];
  await Promise.all(wanted.map(([id, unclaimed]) => gateway.claim(id, unclaimed)));
  return { requests: ids.map((id, index) => statusRow(id, answers[index])) };
}

function statusRow(requestId: string, answer: StatusAnswer | undefined): object {
  if (!answer) throw new Error(`no status for ${requestId}`);
  const { status, message, machines } = answer;
  return { requestId, status, message, machines: machines.map(machineRow) };
}
