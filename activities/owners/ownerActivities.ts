import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { InquiryActivities, TellInput } from '../../contract/monitorActivities.ts';
import { packSeen, type AskResult } from '../../domain/monitor/observation.ts';
import { absent } from '../../domain/machine/machine.ts';
import { SIGNAL, type MachinesSeen, type Reclaim } from '../../contract/messages.ts';
import { adoptOrphans } from './adoptOrphans.ts';
import { toReadFailure } from '../runtime/failures.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import { inParallel } from '../runtime/inParallel.ts';
import { toSeen } from '../monitor/sweep.ts';
import type { MachineReader } from '../provider.ts';
import { createStandings } from './ownerQueries.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

/** What the monitor asks and tells owners, and what it asks the cloud about single machines. */
export function createInquiryActivities(reader: MachineReader, client: Client): InquiryActivities {
  const standings = createStandings(client);

  return {
    askOwners: ({ owners }) =>
      withHeartbeat(async () => {
        const answers = await inParallel(
          owners,
          async ([requestId, ids]): Promise<AskResult['standings']> => {
            // Too busy, without a worker, or broken: it says nothing, and keeps nobody else from being asked.
            const answer = await standings.ofAny(requestId, ids).catch(() => []);
            return ids.map((id, index) => [id, answer[index] ?? 'silent']);
          },
        );
        return { standings: answers.flat() };
      }),
    tellOwners: ({ owners }) =>
      withHeartbeat(async () => {
        await inParallel(owners, ([requestId, gone]) => tellOwner(client, requestId, gone));
      }),
    adopt: (input) =>
      withHeartbeat(() => adoptOrphans(reader, client, standings, input)).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
    reclaim: ({ owners }) =>
      withHeartbeat(async () => {
        await inParallel(owners, async ([requestId, machineIds]) => {
          const order: Reclaim = { v: 1, machineIds };
          // Where neither is open, the next look for owners finds that.
          if (!(await signalled(client, requestId, SIGNAL.reclaim, order)))
            await signalled(client, adopterId(requestId), SIGNAL.reclaim, order);
        });
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

/** An owner that is closed has its books closed already; then there may be an adopter. */
async function tellOwner(
  client: Client,
  requestId: string,
  gone: TellInput['owners'][number][1],
): Promise<void> {
  const sightings = gone.map(([id, reason]) => ({ ...absent(id), state: 'terminated' as const, reason }));
  const seen: MachinesSeen = { v: 1, sightings };
  for (const workflowId of [requestId, adopterId(requestId)])
    await signalled(client, workflowId, SIGNAL.machinesSeen, seen);
}

/** @returns whether there is an open one */
async function signalled(
  client: Client,
  workflowId: string,
  signal: string,
  argument: object,
): Promise<boolean> {
  try {
    await client.workflow.getHandle(workflowId).signal(signal, argument);
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
