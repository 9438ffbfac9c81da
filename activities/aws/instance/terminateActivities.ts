import { Context, log, type ApplicationFailure } from '@temporalio/activity';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { TerminateInstancesCommand } from '../client/ec2.ts';
import type { TerminateActivities } from '../../../contract/activities.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { incompleteResponse, requireField } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { truncateMessage } from '../../runtime/failures.ts';
import { toApplicationFailure, toProviderError } from '../client/errors.ts';
import { unknownInstanceIds } from './instanceReader.ts';
import { createGroupSizes } from '../launch/methods/autoScaling.ts';
import type { TerminateMachinesResult } from '../../../domain/request/returns.ts';

/** AWS takes up to 1,000 and recommends fewer. */
const MAX_BATCH = 500;

/** A release that AWS takes no call for is answered after this time, so that Host Factory's return ends. */
const MAX_RETRY_MS = 10 * 60_000;

/** Refusals of single machines: AWS then terminates none of the call, so the call is halved until it finds them. */
const PER_MACHINE_REFUSALS = new Set(['OperationNotPermitted', 'UnsupportedOperation']);

export function createTerminateActivities(clients: AwsClients): TerminateActivities {
  const client = clients.mutating;
  const groupSizes = createGroupSizes(clients);
  return {
    deleteGroups: ({ groups }) =>
      withHeartbeat(async () => {
        for (const { id } of groups) await groupSizes.deleteGroup(id);
      }).catch((error: unknown) => {
        throw toApplicationFailure(error);
      }),

    terminateMachines({ machineIds, groups = [] }) {
      // By the clock of the first attempt that ran: a time without any worker does not count.
      const firstAttemptAt: number = Context.current().info.heartbeatDetails ?? Date.now();
      const work = async (): Promise<TerminateMachinesResult> => {
        const refused: TerminateMachinesResult['refused'][number][] = [];
        // Only so that their sizes stay true: frozen groups launch nothing.
        const shrunk = groupSizes.reduceDesired(
          groups.map(({ id }) => id),
          machineIds,
        );
        await shrunk.catch((error: unknown) => log.warn('groups keep their size', { groups, error }));
        for (let from = 0; from < machineIds.length; from += MAX_BATCH) {
          refused.push(...(await terminate(client, machineIds.slice(from, from + MAX_BATCH))));
        }
        return { refused };
      };
      return withHeartbeat(work, () => firstAttemptAt).catch((error: unknown) =>
        refuseAllAfterMaxRetryTime(machineIds, toApplicationFailure(error), firstAttemptAt),
      );
    },
  };
}

/** Not final for the owner: it keeps the machines and tries again. */
function refuseAllAfterMaxRetryTime(
  machineIds: readonly string[],
  failure: ApplicationFailure,
  firstAttemptAt: number,
): TerminateMachinesResult {
  if (!failure.nonRetryable && Date.now() - firstAttemptAt < MAX_RETRY_MS) {
    // What fails at once has had no beat yet, and the next attempt would count anew.
    Context.current().heartbeat(firstAttemptAt);
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
): Promise<TerminateMachinesResult['refused'][number][]> {
  if (machineIds.length === 0) return [];
  try {
    const response = await client.send(new TerminateInstancesCommand({ InstanceIds: [...machineIds] }));
    // Whoever waits for their end never asks again: the call must have been heard.
    const answeredIds = new Set(
      requireField(response.TerminatingInstances, 'list of instances').map((one) => one.InstanceId),
    );
    const missingId = machineIds.find((id) => !answeredIds.has(id));
    if (missingId !== undefined) throw incompleteResponse(`no word of ${missingId}`);
    return [];
  } catch (error) {
    // An unknown id fails the whole call. It is not proof of absence: whoever waits for its end decides that.
    const unknownIds = unknownInstanceIds(error);
    const remainingIds = machineIds.filter((id) => !unknownIds.has(id));
    if (remainingIds.length < machineIds.length) return terminate(client, remainingIds);
    const failure = toProviderError(error);
    if (!PER_MACHINE_REFUSALS.has(failure.providerCode)) throw failure;
    const [only] = machineIds;
    if (machineIds.length === 1 && only !== undefined) {
      return [{ machineId: only, message: `${failure.providerCode}: ${truncateMessage(failure.message)}` }];
    }
    const half = Math.ceil(machineIds.length / 2);
    return [
      ...(await terminate(client, machineIds.slice(0, half))),
      ...(await terminate(client, machineIds.slice(half))),
    ];
  }
}
