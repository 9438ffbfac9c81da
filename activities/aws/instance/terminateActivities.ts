import { Context, log, type ApplicationFailure } from '@temporalio/activity';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { TerminateInstancesCommand } from '../client/ec2.ts';
import type { TerminateActivities } from '../../../contract/activities.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { incompleteResponse, requireField } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { truncateMessage } from '../../runtime/failures.ts';
import { batchesOf } from '../../../domain/request/launch.ts';
import type { ProviderError } from '../../../domain/errors/errors.ts';
import { isAwsError, toApplicationFailure, toProviderError } from '../client/errors.ts';
import { unknownInstanceIds, type InstanceReader } from './instanceReader.ts';
import { createGroupSizes } from '../launch/methods/autoScaling.ts';
import type { TerminateMachinesResult } from '../../../domain/request/returns.ts';

/** AWS takes up to 1,000 and recommends fewer. */
const MAX_BATCH = 500;

/** If AWS accepts no call for this long, the release is reported as refused, so that Host Factory's return ends. */
const MAX_RETRY_MS = 10 * 60_000;

/** Calls of one activity: 500 machines with 20 refused ones take about 200. */
const MAX_CALLS = 250;

/** Calls are rate-limited, and an attempt has 2 minutes: it bisects for one, and refuses what is not decided by then. */
const MAX_BISECT_MS = 60_000;

/** Denied machines after which a denial is taken for one of the role, if no machine was terminated. */
const MAX_UNAUTHORIZED = 3;

export function createTerminateActivities(
  clients: AwsClients,
  reader: Pick<InstanceReader, 'describeByIds'>,
): TerminateActivities {
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
      const batches = new Batches(client);
      const work = async (): Promise<TerminateMachinesResult> => {
        // Only keeps the desired capacity accurate: frozen groups launch nothing.
        const shrunk = groupSizes.reduceDesired(
          groups.map(({ id }) => id),
          machineIds,
        );
        await shrunk.catch((error: unknown) =>
          log.warn("could not lower the groups' desired capacity", { groups, error }),
        );
        // In another order at each attempt, so that the same denied machines do not always come first.
        for (const batch of batchesOf(shuffle(machineIds), MAX_BATCH)) await batches.terminate(batch);
        const terminatedIds = await findTerminated(reader, batches.unauthorizedIds);
        const refused = batches.refused.filter(({ machineId }) => !terminatedIds.has(machineId));
        if (batches.denial && refused.length === machineIds.length) throw batches.denial;
        return { refused };
      };
      return withHeartbeat(work, () => firstAttemptAt).catch((error: unknown) =>
        refuseAfterMaxRetryTime(
          machineIds.filter((id) => !batches.terminatedIds.has(id)),
          toApplicationFailure(error),
          firstAttemptAt,
        ),
      );
    },
  };
}

/** Not final: the owner keeps the machines and retries. */
function refuseAfterMaxRetryTime(
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

/**
 * AWS also denies a terminated machine, if the policy depends on tags that it no longer has. A machine that no read shows
 * counts as refused: it may be too new to be shown.
 */
async function findTerminated(
  reader: Pick<InstanceReader, 'describeByIds'>,
  machineIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (machineIds.length === 0) return new Set();
  try {
    const observed = await reader.describeByIds(machineIds);
    return new Set(machineIds.filter((id) => observed.get(id)?.state === 'terminated'));
  } catch (error) {
    log.warn('denied machines could not be read; they count as refused', { machineIds, error });
    return new Set();
  }
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

type Refusal = TerminateMachinesResult['refused'][number];

/**
 * Terminates machines in one activity. AWS terminates none of a call's machines if it refuses one of them: for its
 * protection, or because a policy that depends on tags denies it. Such a call is bisected until the refused machines are
 * found. The number of calls is limited; what is not decided by then is refused, and the owner retries it.
 */
class Batches {
  readonly #client: EC2Client;
  readonly #refused: Refusal[] = [];
  readonly #unauthorized: Refusal[] = [];
  /** Why AWS denied the last machine that it denied. */
  denial: ProviderError | undefined;
  /** Machines whose termination AWS has accepted. */
  readonly terminatedIds = new Set<string>();
  #callsLeft = MAX_CALLS;
  readonly #bisectUntil = Date.now() + MAX_BISECT_MS;

  constructor(client: EC2Client) {
    this.#client = client;
  }

  /** @throws ProviderError if a call fails for a reason that does not concern single machines */
  async terminate(machineIds: readonly string[]): Promise<void> {
    if (machineIds.length === 0) return;
    try {
      await this.#send(machineIds);
      for (const id of machineIds) this.terminatedIds.add(id);
    } catch (error) {
      // An unknown id fails the whole call. It does not prove absence; the waiting activity decides that.
      const unknownIds = unknownInstanceIds(error);
      const remainingIds = machineIds.filter((id) => !unknownIds.has(id));
      if (remainingIds.length < machineIds.length) return this.terminate(remainingIds);
      const failure = toProviderError(error);
      const isUnauthorized = isAwsError(failure, 'unauthorized');
      if (!isUnauthorized && !isAwsError(failure, 'machineRefused')) throw failure;
      if (machineIds.length > 1 && this.#callsLeft > 0 && Date.now() < this.#bisectUntil) {
        const half = Math.ceil(machineIds.length / 2);
        await this.terminate(machineIds.slice(0, half));
        return this.terminate(machineIds.slice(half));
      }
      const message = `${failure.providerCode}: ${truncateMessage(failure.message)}`;
      const refusals = machineIds.map((machineId) => ({ machineId, message }));
      (isUnauthorized ? this.#unauthorized : this.#refused).push(...refusals);
      if (isUnauthorized) this.denial = failure;
      // The role itself lacks the permission: more calls would find the same.
      if (this.terminatedIds.size === 0 && this.#unauthorized.length >= MAX_UNAUTHORIZED) this.#callsLeft = 0;
    }
  }

  get refused(): readonly Refusal[] {
    return [...this.#refused, ...this.#unauthorized];
  }

  get unauthorizedIds(): readonly string[] {
    return this.#unauthorized.map(({ machineId }) => machineId);
  }

  async #send(machineIds: readonly string[]): Promise<void> {
    this.#callsLeft -= 1;
    const response = await this.#client.send(new TerminateInstancesCommand({ InstanceIds: [...machineIds] }));
    // The caller waits for termination and never calls again, so the response must confirm every machine.
    const confirmedIds = new Set(
      requireField(response.TerminatingInstances, 'list of instances').map((one) => one.InstanceId),
    );
    const missingId = machineIds.find((id) => !confirmedIds.has(id));
    if (missingId !== undefined) throw incompleteResponse(`no entry for ${missingId}`);
  }
}
