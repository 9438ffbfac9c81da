import pMap from 'p-map';
import type { Client } from '@temporalio/client';
import type { OwnerActivities, NotifyOwnersInput } from '../../contract/monitorActivities.ts';
import type { QueryOwnersResult } from '../../domain/monitor/activityResults.ts';
import { packObservations } from '../../domain/monitor/observation.ts';
import { absentObservation } from '../../domain/machine/machine.ts';
import { adoptOrphans } from './adoptOrphans.ts';
import { toReadFailure } from '../runtime/failures.ts';
import { withHeartbeat } from '../runtime/heartbeat.ts';
import { ifFound, MAX_CONCURRENT_OWNER_CALLS } from './workflowLookup.ts';
import { toFleetObservation } from '../monitor/sweep.ts';
import type { MachineReader } from '../provider.ts';
import { createOwnerQueries } from './ownerQueries.ts';
import type { Signal } from '../../contract/definitions.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import {
  type MachinesObserved,
  type ReleaseUnacknowledged,
  machinesObservedSignal,
  releaseUnacknowledgedSignal,
} from '../../contract/machineRequest.ts';

/** What the monitor asks of owners (status queries, notifications, adoption, releases) and of single machines. */
export function createOwnerActivities(reader: MachineReader, client: Client): OwnerActivities {
  const ownerQueries = createOwnerQueries(client);

  return {
    queryOwners: ({ owners }) =>
      withHeartbeat(async () => {
        const statusesPerOwner = await pMap(
          owners,
          async ([requestId, ids]): Promise<QueryOwnersResult['statuses']> => {
            // An owner that is too busy, has no worker or is broken must not fail the queries to the others.
            const statuses = await ownerQueries.queryAny(requestId, ids).catch(() => []);
            return ids.map((id, index) => [id, statuses[index] ?? 'silent']);
          },
          { concurrency: MAX_CONCURRENT_OWNER_CALLS },
        );
        return { statuses: statusesPerOwner.flat() };
      }),
    notifyOwners: ({ owners }) =>
      withHeartbeat(async () => {
        await pMap(owners, ([requestId, terminated]) => notifyOwner(client, requestId, terminated), {
          concurrency: MAX_CONCURRENT_OWNER_CALLS,
        });
      }),
    adoptOrphans: (input) =>
      withHeartbeat(() => adoptOrphans(reader, client, ownerQueries, input)).catch((error: unknown) => {
        throw toReadFailure(error);
      }),
    releaseUnacknowledged: ({ owners }) =>
      withHeartbeat(async () => {
        const release = async ([requestId, machineIds]: (typeof owners)[number]): Promise<void> => {
          const argument: ReleaseUnacknowledged = { v: 1, machineIds };
          // If neither is open, the next orphan check finds out.
          if (!(await signalIfOpen(client, requestId, releaseUnacknowledgedSignal, argument)))
            await signalIfOpen(client, adopterId(requestId), releaseUnacknowledgedSignal, argument);
        };
        await pMap(owners, release, { concurrency: MAX_CONCURRENT_OWNER_CALLS });
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

/** Notifies the owner and, because a closed owner cannot receive it, also its adopter. */
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
    await signalIfOpen(client, workflowId, machinesObservedSignal, argument);
}

/** @returns false if no such workflow is open */
async function signalIfOpen<Payload>(
  client: Client,
  workflowId: string,
  signal: Signal<Payload>,
  payload: Payload,
): Promise<boolean> {
  const sent = client.workflow.getHandle(workflowId).signal(signal, payload);
  return (await ifFound(sent.then(() => true))) ?? false;
}
