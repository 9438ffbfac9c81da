import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { AskResult, InquiryActivities, TellInput } from '../domain/monitor/activities.ts';
import { packSeen } from '../domain/monitor/seen.ts';
import { absent, isAlive } from '../domain/machine/machine.ts';
import { adopterId } from '../domain/shared/ids.ts';
import { SIGNAL, type MachinesSeen } from '../domain/shared/messages.ts';
import { signalAdopter } from './adopting.ts';
import { toReadFailure } from './failures.ts';
import { withHeartbeat } from './heartbeat.ts';
import { inParallel } from './inParallel.ts';
import { toSeen } from './monitoring.ts';
import { toSighting, type MachineReader } from './provider.ts';
import { createStandings } from './standings.ts';

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
