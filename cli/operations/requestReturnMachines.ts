import { UnavailableError, ValidationError } from '../../domain/errors/errors.ts';
import { returnIdFrom } from '../../contract/ids.ts';
import type { OperationContext } from '../context.ts';
import { distinctHosts, hostFromArg, parsePlainHosts } from './hosts.ts';
import { defineOperation } from './operation.ts';
import type { ReturnedMachine } from '../../domain/return/input.ts';

export const operation = defineOperation({
  name: 'requestReturnMachines',
  kind: 'command',
  // Without any argument somebody forgot the input, rather than gave back nothing.
  inputFromArgs: (args) => (args.length > 0 ? { machines: args.map(hostFromArg) } : {}),
  fastPath: (input) => {
    const machines = parsePlainHosts(input['machines']);
    return machines && { machines };
  },
  schema: async () => (await import('./schemas.ts')).returnRequest,
  run: ({ machines }, context) => {
    const distinct = distinctHosts(machines);
    if (distinct.length === 0 && machines.length > 0) {
      throw new ValidationError('Input: no entry of machines has a machineId or a name.');
    }
    return startReturn(distinct, context);
  },
});

/** Makes the return durable. An empty one is accepted too: its status is complete at once. */
async function startReturn(machines: readonly ReturnedMachine[], context: OperationContext): Promise<object> {
  const { provider } = await context.config();
  const requestId = returnIdFrom(await context.newUuid());
  context.log.addFields({ requestId });
  const gateway = await context.gateway();
  context.log.info('starts a return', { machines: machines.map(({ machineId, name }) => machineId ?? name) });
  const outcome = await gateway.startReturn({
    v: 1,
    returnId: requestId,
    deployment: provider.deployment,
    provider: provider.name,
    createdAt: context.now(),
    machines,
    callId: context.callId,
  });
  // Unlike a request, it may be sent again at will; with an id that may stand nowhere the machines could be forgotten.
  if (outcome === 'unconfirmed') throw new UnavailableError(UNCONFIRMED);
  return { requestId, message: machines.length === 0 ? 'No Active VM.' : 'Delete VM success.' };
}

const UNCONFIRMED =
  'Temporal did not confirm the return in time. Give the machines back again: what is given back twice ends once.';
