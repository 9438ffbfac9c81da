import { Context, log, type ApplicationFailure } from '@temporalio/activity';
import { TerminateInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { TerminateActivities } from '../../../contract/activities.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { incomplete, told } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { brief } from '../../runtime/failures.ts';
import { toFailure, toProviderError } from '../client/errors.ts';
import { unknownIds } from './instances.ts';
import { createGroupSizes } from '../launch/autoScaling.ts';
import type { TerminateResult } from '../../../domain/request/returns.ts';

/** AWS takes up to 1,000 and recommends fewer. */
const BATCH = 500;

/** A release that AWS takes no call for is answered after this time, so that Host Factory's return ends. */
const GIVE_UP_MS = 10 * 60_000;

/** Refusals of single machines: AWS then terminates none of the call, so the call is halved until it finds them. */
const PER_MACHINE = new Set(['OperationNotPermitted', 'UnsupportedOperation']);

export function createTerminateActivities(clients: AwsClients): TerminateActivities {
  const client = clients.mutating;
  const sizes = createGroupSizes(clients);
  return {
    removeGroups: ({ groups }) =>
      withHeartbeat(async () => {
        for (const { id } of groups) await sizes.remove(id);
      }).catch((error: unknown) => {
        throw toFailure(error);
      }),

    terminate({ machineIds, groups = [] }) {
      // By the clock of the first attempt that ran: a time without any worker does not count.
      const since: number = Context.current().info.heartbeatDetails ?? Date.now();
      const work = async (): Promise<TerminateResult> => {
        const refused: TerminateResult['refused'][number][] = [];
        // Only so that their sizes stay true: frozen groups launch nothing.
        const shrunk = sizes.shrink(
          groups.map(({ id }) => id),
          machineIds,
        );
        await shrunk.catch((error: unknown) => log.warn('groups keep their size', { groups, error }));
        for (let from = 0; from < machineIds.length; from += BATCH) {
          refused.push(...(await terminate(client, machineIds.slice(from, from + BATCH))));
        }
        return { refused };
      };
      return withHeartbeat(work, () => since).catch((error: unknown) =>
        refuseAllWhenLate(machineIds, toFailure(error), since),
      );
    },
  };
}

/** Not final for the owner: it keeps the machines and tries again. */
function refuseAllWhenLate(
  machineIds: readonly string[],
  failure: ApplicationFailure,
  since: number,
): TerminateResult {
  if (!failure.nonRetryable && Date.now() - since < GIVE_UP_MS) {
    // What fails at once has had no beat yet, and the next attempt would count anew.
    Context.current().heartbeat(since);
    throw failure;
  }
  const [code] = failure.details ?? [];
  const message = `${typeof code === 'string' ? code : failure.type}: ${failure.message}`;
  return { refused: machineIds.map((machineId) => ({ machineId, message })) };
}

/** Terminates all of these that AWS lets; returns those that it refuses. @throws ProviderError */
async function terminate(
  client: EC2Client,
  machineIds: readonly string[],
): Promise<TerminateResult['refused'][number][]> {
  if (machineIds.length === 0) return [];
  try {
    const answer = await client.send(new TerminateInstancesCommand({ InstanceIds: [...machineIds] }));
    // Whoever waits for their end never asks again: the call must have been heard.
    const heard = new Set(
      told(answer.TerminatingInstances, 'list of instances').map((one) => one.InstanceId),
    );
    const unheard = machineIds.find((id) => !heard.has(id));
    if (unheard !== undefined) throw incomplete(`no word of ${unheard}`);
    return [];
  } catch (error) {
    // An unknown id fails the whole call. It is not proof of absence: whoever waits for its end decides that.
    const unknown = unknownIds(error);
    const known = machineIds.filter((id) => !unknown.has(id));
    if (known.length < machineIds.length) return terminate(client, known);
    const failure = toProviderError(error);
    if (!PER_MACHINE.has(failure.providerCode)) throw failure;
    const [only] = machineIds;
    if (machineIds.length === 1 && only !== undefined) {
      return [{ machineId: only, message: `${failure.providerCode}: ${brief(failure.message)}` }];
    }
    const half = Math.ceil(machineIds.length / 2);
    return [
      ...(await terminate(client, machineIds.slice(0, half))),
      ...(await terminate(client, machineIds.slice(half))),
    ];
  }
}
