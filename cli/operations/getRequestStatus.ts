import { isObject } from '../../domain/isObject.ts';
import type { StatusAnswer } from '../../domain/request/requestRepository.ts';
import { machineRow } from './machineRow.ts';
import { defineQuery } from './operation.ts';

interface Input {
  readonly requests: readonly { readonly requestId: string }[];
  /** False where a person asks: Host Factory does not learn of the machines then. */
  readonly acknowledge?: boolean | undefined;
}

/** Reads only, except that it signals once to an owner that Host Factory has read its machines. */
export const operation = defineQuery({
  schema: async () => (await import('./schemas.ts')).statusRequest,
  fastPath: ({ requests, acknowledge }): Input | undefined => {
    if (!Array.isArray(requests) || (acknowledge !== undefined && typeof acknowledge !== 'boolean'))
      return undefined;
    const ids = requests.map((entry: unknown) => (isObject(entry) ? entry['requestId'] : undefined));
    if (!ids.every((id) => typeof id === 'string' && id.trim() !== '')) return undefined;
    return { requests: ids.map((requestId) => ({ requestId: String(requestId) })), acknowledge };
  },
  args: '[...requestIds]',
  inputFromArgs: (args) =>
    args.length > 0 ? { requests: args.map((requestId) => ({ requestId })), acknowledge: false } : {},
  effects: ['acknowledge'],
  examples: ['getRequestStatus req-01989c9e-7a0b-7c3d-9e4f-0123456789ab'],
  run: async ({ requests, acknowledge = true }, context) => {
    const ids = [...new Set(requests.map(({ requestId }) => requestId.trim()))];
    if (ids.length === 0) return { requests: [] };
    context.log.addFields(ids.length === 1 ? { requestId: ids[0] } : { requestIds: ids });
    // If one status cannot be read, the call fails: Host Factory must not take a part for the whole.
    const answers = await context.requests.statuses(ids);
    const toAcknowledge = acknowledge
      ? ids.map((id, index) => [id, answers[index]?.unacknowledged ?? []] as const)
      : [];
    await Promise.all(
      toAcknowledge
        .filter(([, machineIds]) => machineIds.length > 0)
        .map(([id, machineIds]) => context.acknowledge(id, machineIds)),
    );
    return { requests: ids.map((id, index) => statusRow(id, answers[index])) };
  },
});

function statusRow(requestId: string, answer: StatusAnswer | undefined): object {
  if (!answer) throw new Error(`no status for ${requestId}`);
  const { status, message, machines } = answer;
  return { requestId, status, message, machines: machines.map(machineRow) };
}
