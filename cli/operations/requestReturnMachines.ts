import { UnavailableError, ValidationError } from '../../domain/errors/errors.ts';
import { returnIdFrom } from '../../contract/ids.ts';
import type { CommandContext } from '../bus/context.ts';
import { distinctHosts, hostFromArg, parsePlainHosts } from './hosts.ts';
import { defineCommand } from './operation.ts';
import type { ReturnedMachine } from '../../domain/return/input.ts';

export const operation = defineCommand({
  args: '[...machines]',
  // Without any argument the input was forgotten: an empty return needs an explicit document.
  inputFromArgs: (args) => (args.length > 0 ? { machines: args.map(hostFromArg) } : {}),
  fastPath: (input) => {
    const machines = parsePlainHosts(input['machines']);
    return machines && { machines };
  },
  schema: async () => (await import('./schemas.ts')).returnRequest,
  examples: ['requestReturnMachines i-0123456789abcdef0 ip-10-0-0-1.ec2.internal'],
  run: ({ machines }, context) => {
    const distinct = distinctHosts(machines);
    if (distinct.length === 0 && machines.length > 0) {
      throw new ValidationError('Input: no entry of machines has a machineId or a name.');
    }
    return startReturn(distinct, context);
  },
});

/** Makes the return durable. An empty one is accepted too: its status is `complete` at once. */
export async function startReturn(
  machines: readonly ReturnedMachine[],
  context: CommandContext,
): Promise<{ readonly requestId: string; readonly message: string }> {
  const { provider } = await context.config();
  const requestId = returnIdFrom(await context.newUuid());
  context.log.addFields({ requestId });
  context.log.info('starts a return', { machines: machines.map(({ machineId, name }) => machineId ?? name) });
  const outcome = await context.workflows.startReturn({
    v: 1,
    returnId: requestId,
    deployment: provider.deployment,
    provider: provider.name,
    createdAt: context.now(),
    machines,
    callId: context.callId,
  });
  // A return may be repeated, unlike a request. An id that Temporal may not know could leave machines running.
  if (outcome === 'unconfirmed') throw new UnavailableError(UNCONFIRMED);
  return { requestId, message: machines.length === 0 ? 'No Active VM.' : 'Delete VM success.' };
}

const UNCONFIRMED =
  'Temporal did not confirm the return in time. Return the machines again: a repeated return is harmless.';
