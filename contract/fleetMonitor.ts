import type {
  ForceAdoption,
  HostListUpdate,
  LostHostsAnswer,
  LostHostsQuery,
  MonitorInput,
  MonitorReport,
  RequestMachines,
} from '../domain/monitor/messages.ts';
import type { PackedObservations } from '../domain/monitor/observation.ts';
import { monitorId } from './ids.ts';
import { taskQueues } from './taskQueues.ts';
import { isObject } from '../domain/isObject.ts';
import { query, signal } from './definitions.ts';

/** Messages to `fleetMonitor`, the one workflow that reads the machines of a provider instance. */
export const FLEET_MONITOR = 'fleetMonitor';

/** What the reply to a `lostHosts` query calls an update: a query cannot change the monitor's state. */
export const hostListUpdatedSignal = signal<HostListUpdate>('hostListUpdated');
/** An operator wants the machines of these requests adopted, also beyond the limit at which the monitor stops adopting. */
export const forceAdoptionSignal = signal<ForceAdoption>('forceAdoption');
/** Sent by a worker: interruption notices, sooner than a sweep shows the interruption. */
export const machinesInterruptedSignal = signal<MachinesInterrupted>('machinesInterrupted');

/** Which of Host Factory's hosts are lost. */
export const lostHostsQuery = query<[LostHostsQuery], LostHostsAnswer>(
  'lostHosts',
  (reply): reply is LostHostsAnswer =>
    isObject(reply) && typeof reply['isReady'] === 'boolean' && Array.isArray(reply['lost']),
);
/** What is alive of a request that Temporal does not know. */
export const requestMachinesQuery = query<[{ readonly requestId: string }], RequestMachines>(
  'requestMachines',
  (reply): reply is RequestMachines =>
    isObject(reply) &&
    typeof reply['isReady'] === 'boolean' &&
    typeof reply['since'] === 'number' &&
    typeof reply['machines'] === 'number',
);
/** For operators and metrics. */
export const reportQuery = query<[], MonitorReport>(
  'report',
  (reply): reply is MonitorReport =>
    isObject(reply) && typeof reply['isReady'] === 'boolean' && Array.isArray(reply['alarms']),
);

export interface MachinesInterrupted {
  readonly v: 1;
  readonly observations: PackedObservations;
}

/** How every process that finds no running monitor starts it. */
export function monitorStart(deployment: string, provider: string) {
  const input: MonitorInput = { v: 1, deployment, provider };
  return {
    workflowType: FLEET_MONITOR,
    workflowId: monitorId(deployment, provider),
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    summary: `monitors the machines of ${provider}`,
    details: `Of deployment ${deployment}. If it ends, every worker starts it again within a minute.`,
  };
}
