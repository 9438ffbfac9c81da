import { Client, QueryRejectedError, WorkflowNotFoundError } from '@temporalio/client';
import type { AskResult, InquiryActivities, TellInput } from '../domain/monitor/activities.ts';
import { packSeen } from '../domain/monitor/seen.ts';
import { absent, isAlive } from '../domain/machine/machine.ts';
import { adopterId } from '../domain/shared/ids.ts';
import { QUERY, SIGNAL, type MachinesSeen, type MachineStanding } from '../domain/shared/messages.ts';
import { signalAdopter } from './adopting.ts';
import { toReadFailure } from './failures.ts';
import { withHeartbeat } from './heartbeat.ts';
import { inParallel } from './inParallel.ts';
import { toSeen } from './monitoring.ts';
import { toSighting, type MachineReader } from './provider.ts';

/** An owner that needs longer is asked again later. */
const ANSWER_MS = 5_000;

/** What the monitor asks and tells owners, and what it asks the cloud about single machines. */
export function createInquiryActivities(reader: MachineReader, client: Client): InquiryActivities {
  const { connection } = client;
  const { namespace } = client.options;
  const openOnly = new Client({ connection, namespace, workflow: { queryRejectCondition: 'NOT_OPEN' } });

  /** @throws WorkflowNotFoundError, QueryRejectedError */
  const standingBy = (asked: Client, workflowId: string, machineIds: readonly string[]) =>
    connection.withDeadline(Date.now() + ANSWER_MS, () =>
      asked.workflow
        .getHandle(workflowId)
        .query<MachineStanding[], [readonly string[]]>(QUERY.standing, machineIds),
    );

  /** The open owner knows; else the adopter, who took over from it; else what the owner knew last. */
  async function standingsOf(requestId: string, ids: readonly string[]): Promise<readonly Answer[]> {
    const unknown = ids.map((): Answer => 'unknown');
    const open = await orElse(standingBy(openOnly, requestId, ids), undefined);
    if (open) return open;
    const adopted = await orElse(standingBy(client, adopterId(requestId), ids), unknown);
    if (!adopted.includes('unknown')) return adopted;
    const closed = await orElse(standingBy(client, requestId, ids), unknown);
    return ids.map(
      (_, index) => (adopted[index] === 'unknown' ? closed[index] : adopted[index]) ?? 'unknown',
    );
  }

  return {
    askOwners: ({ owners }) =>
      withHeartbeat(async () => {
        const answers = await inParallel(
          owners,
          async ([requestId, ids]): Promise<AskResult['standings']> => {
            // Too busy, without a worker, or broken: it says nothing, and keeps nobody else from being asked.
            const standings = await standingsOf(requestId, ids).catch(() => ids.map((): Answer => 'silent'));
            return ids.map((id, index) => [id, standings[index] ?? 'silent']);
          },
        );
        return { standings: answers.flat() };
      }),
    tellOwners: ({ owners }) =>
      withHeartbeat(async () => {
        await inParallel(owners, ([requestId, gone]) => tellOwner(client, requestId, gone));
      }),
    adopt: ({ deployment, provider, owners }) =>
      withHeartbeat(async () => {
        const seen = await reader.byId(owners.flatMap(([, machineIds]) => machineIds));
        await inParallel(owners, async ([requestId, machineIds]) => {
          const alive = machineIds.flatMap((id) => seen.get(id) ?? []).filter(({ state }) => isAlive(state));
          const argument: MachinesSeen = { v: 1, sightings: alive.map(toSighting) };
          if (alive.length === 0) return;
          await signalAdopter(client, {
            deployment,
            provider,
            requestId,
            signal: SIGNAL.machinesSeen,
            argument,
            startedBy: 'the monitor',
          });
        });
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
    lookUp: ({ machineIds }) =>
      withHeartbeat(async () => {
        const seen = await reader.byId(machineIds);
        return packSeen(machineIds.map((id) => toSeen(seen.get(id) ?? { ...absent(id), owner: undefined })));
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
  };
}

type Answer = AskResult['standings'][number][1];

/** A workflow that is closed or not there has an answer in another place. */
async function orElse<T>(answer: Promise<readonly Answer[]>, other: T): Promise<readonly Answer[] | T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || error instanceof QueryRejectedError) return other;
    throw error;
  }
}

/** An owner that is closed has its books closed already; then there may be an adopter. */
async function tellOwner(
  client: Client,
  requestId: string,
  gone: TellInput['owners'][number][1],
): Promise<void> {
  const sightings = gone.map(([id, reason]) => ({ ...absent(id), state: 'terminated' as const, reason }));
  const seen: MachinesSeen = { v: 1, sightings };
  for (const workflowId of [requestId, adopterId(requestId)]) {
    try {
      await client.workflow.getHandle(workflowId).signal(SIGNAL.machinesSeen, seen);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }
}
