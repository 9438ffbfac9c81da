import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { OwnerActivities, NotifyOwnersInput } from '../../contract/monitorActivities.ts';
import type { QueryOwnersResult } from '../../domain/monitor/activityResults.ts';
import { packObservations } from '../../domain/monitor/observation.ts';
import { absentObservation } from '../../domain/machine/machine.ts';
import { SIGNAL, type MachinesObserved, type ReleaseUnacknowledged } from '../../contract/messages.ts';
import { adoptOrphans } from './adoptOrphans.ts';
import { toReadFailure } from '../runtime/failures.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import { mapConcurrently } from '../runtime/inParallel.ts';
import { toFleetObservation } from '../monitor/sweep.ts';
import type { MachineReader } from '../provider.ts';
import { createOwnerQueries } from './ownerQueries.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

/** What the monitor asks and tells owners, and what it asks the cloud about single machines. */
export function createOwnerActivities(reader: MachineReader, client: Client): OwnerActivities {
  const ownerQueries = createOwnerQueries(client);

  return {
    queryOwners: ({ owners }) =>
      withHeartbeat(async () => {
        const statusesPerOwner = await mapConcurrently(
          owners,
          async ([requestId, ids]): Promise<QueryOwnersResult['statuses']> => {
            // Too busy, without a worker, or broken: it says nothing, and keeps nobody else from being asked.
            const statuses = await ownerQueries.queryAny(requestId, ids).catch(() => []);
            return ids.map((id, index) => [id, statuses[index] ?? 'silent']);
          },
        );
        return { statuses: statusesPerOwner.flat() };
      }),
    notifyOwners: ({ owners }) =>
      withHeartbeat(async () => {
        await mapConcurrently(owners, ([requestId, gone]) => notifyOwner(client, requestId, gone));
      }),
    adoptOrphans: (input) =>
      withHeartbeat(() => adoptOrphans(reader, client, ownerQueries, input)).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
    releaseUnacknowledged: ({ owners }) =>
      withHeartbeat(async () => {
        await mapConcurrently(owners, async ([requestId, machineIds]) => {
          const argument: ReleaseUnacknowledged = { v: 1, machineIds };
          // Where neither is open, the next look for owners finds that.
          if (!(await signalIfOpen(client, requestId, SIGNAL.releaseUnacknowledged, argument)))
            await signalIfOpen(client, adopterId(requestId), SIGNAL.releaseUnacknowledged, argument);
        });
      }),
    describeMachines: ({ machineIds }) =>
      withHeartbeat(async () => {
        const observed = await reader.readMachines(machineIds);
        return packObservations(
          machineIds.map((id) =>
            toFleetObservation(observed.get(id) ?? { ...absentObservation(id), owner: undefined }),
          ),
        );
      }).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
  };
}

/** An owner that is closed has its books closed already; then there may be an adopter. */
async function notifyOwner(
  client: Client,
  requestId: string,
  terminated: NotifyOwnersInput['owners'][number][1],
): Promise<void> {
  const observations = terminated.map(([id, reason]) => ({
    ...absentObservation(id),
    state: 'terminated' as const,
    reason,
  }));
  const argument: MachinesObserved = { v: 1, observations };
  for (const workflowId of [requestId, adopterId(requestId)])
    await signalIfOpen(client, workflowId, SIGNAL.machinesObserved, argument);
}

/** @returns whether there is an open one */
async function signalIfOpen(
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
