import * as z from 'zod/mini';
import { listArgument } from '../../args/fields.ts';
import { distinctHosts, hostFromArg } from '../../operations/hosts.ts';
import { defineCommand } from '../../operations/operation.ts';
import { startReturn } from '../../operations/requestReturnMachines.ts';

const MACHINES = 'one or more instance ids or host names';

/** Returns machines, as Host Factory would. */
export const operation = defineCommand({
  schema: () =>
    z.object({
      machines: listArgument('[...machines]', MACHINES, (name) => name.trim() !== '').check(
        z.minLength(1, MACHINES),
      ),
    }),
  examples: ['return i-0123456789abcdef0 ip-10-0-0-1.ec2.internal'],
  run: ({ machines }, context) => startReturn(distinctHosts(machines.map(hostFromArg)), context),
  text: ({ requestId }, { machines }) =>
    `${requestId}: return of ${machines.length} requested; 'ohf request ${requestId} --watch' shows its progress\n`,
});
