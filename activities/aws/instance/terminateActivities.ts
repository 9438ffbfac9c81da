import { Context, log, type ApplicationFailure } from '@temporalio/activity';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { TerminateInstancesCommand } from '../client/ec2.ts';
import type { TerminateActivities } from '../../../contract/activities.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { incompleteResponse, requireField } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { truncateMessage } from '../../runtime/failures.ts';
import { isAwsError, toApplicationFailure, toProviderError } from '../client/errors.ts';
import { unknownInstanceIds } from './instanceReader.ts';
import { createGroupSizes } from '../launch/methods/autoScaling.ts';
import type { TerminateMachinesResult } from '../../../domain/request/returns.ts';

/** AWS takes up to 1,000 and recommends fewer. */
const MAX_BATCH = 500;

/** If AWS accepts no call for this long, the release is reported as refused, so that Host Factory's return ends. */
const MAX_RETRY_MS = 10 * 60_000;

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
      // From the first attempt that ran: time without any worker does not count.
      const recordedAt: unknown = Context.current().info.heartbeatDetails;
      const firstAttemptAt = typeof recordedAt === 'number' ? recordedAt : Date.now();
      const work = async (): Promise<TerminateMachinesResult> => {
        const refused: TerminateMachinesResult['refused'][number][] = [];
        // Only keeps the desired capacity accurate: frozen groups launch nothing.
        const shrunk = groupSizes.reduceDesired(
          groups.map(({ id }) => id),
          machineIds,
        );
        await shrunk.catch((error: unknown) =>
          log.warn("could not lower the groups' desired capacity", { groups, error }),
        );
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

/** Not final: the owner keeps the machines and retries. */
function refuseAllAfterMaxRetryTime(
  machineIds: readonly string[],
  failure: ApplicationFailure,
  firstAttemptAt: number,
): TerminateMachinesResult {
  if (!failure.nonRetryable && Date.now() - firstAttemptAt < MAX_RETRY_MS) {
    // An attempt that fails at once has sent no heartbeat; without this the next one would restart the clock.
    Context.current().heartbeat(firstAttemptAt);
    throw failure;
  }
  const [code] = failure.details ?? [];
  const message = `${typeof code === 'string' ? code : failure.type}: ${failure.message}`;
  return { refused: machineIds.map((machineId) => ({ machineId, message })) };
}

/** @returns the machines that AWS refuses to terminate @throws ProviderError */
async function terminate(
  client: EC2Client,
  machineIds: readonly string[],
): Promise<TerminateMachinesResult['refused'][number][]> {
  if (machineIds.length === 0) return [];
  try {
    const response = await client.send(new TerminateInstancesCommand({ InstanceIds: [...machineIds] }));
    // The caller waits for termination and never calls again, so the response must confirm every machine.
    const answeredIds = new Set(
      requireField(response.TerminatingInstances, 'list of instances').map((one) => one.InstanceId),
    );
    const missingId = machineIds.find((id) => !answeredIds.has(id));
    if (missingId !== undefined) throw incompleteResponse(`no entry for ${missingId}`);
    return [];
  } catch (error) {
    // An unknown id fails the whole call. It does not prove absence; the waiting activity decides that.
    const unknownIds = unknownInstanceIds(error);
    const remainingIds = machineIds.filter((id) => !unknownIds.has(id));
    if (remainingIds.length < machineIds.length) return terminate(client, remainingIds);
    const failure = toProviderError(error);
    // AWS refuses single machines and terminates none of the call, so it is bisected until they are found.
    if (!isAwsError(failure, 'machineRefused')) throw failure;
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
