import { defineQuery, defineSignal } from '@temporalio/workflow';
import type {
  ForceAdoption,
  HostListUpdate,
  LostHostsAnswer,
  LostHostsQuery,
  MonitorReport,
} from '../../domain/monitor/messages.ts';
import {
  QUERY,
  SIGNAL,
  type Acknowledge,
  type MachinesInterrupted,
  type MachinesObserved,
  type ReleaseUnacknowledged,
  type StatusPage,
} from '../../contract/messages.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { ReturnOutcome, ReturnMachines } from '../../domain/request/returns.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';

/** Both workflows answer it, from their own state: a status poll costs no call to the cloud. */
export const statusQuery = defineQuery<StatusView, [StatusPage]>(QUERY.status);
/** To an owner, of these machineIds. */
export const ownershipStatusQuery = defineQuery<OwnershipStatus[], [readonly string[]]>(
  QUERY.ownershipStatus,
);
/** To an owner: units of its template that it has, or still launches, and does not give back. */
export const capacityInUseQuery = defineQuery<number>(QUERY.capacityInUse);
/** To an owner: give these machines back and tell the return. */
export const returnMachinesSignal = defineSignal<[ReturnMachines]>(SIGNAL.returnMachines);
/** To an owner: what the monitor saw of its machines. */
export const machinesObservedSignal = defineSignal<[MachinesObserved]>(SIGNAL.machinesObserved);
/** To an owner: Host Factory has read these of its machines. */
export const acknowledgeSignal = defineSignal<[Acknowledge]>(SIGNAL.acknowledge);
/** To an owner: give these back if Host Factory never read them. */
export const releaseUnacknowledgedSignal = defineSignal<[ReleaseUnacknowledged]>(
  SIGNAL.releaseUnacknowledged,
);
/** To a return: what became of its machines. */
export const returnOutcomeSignal = defineSignal<[ReturnOutcome]>(SIGNAL.returnOutcome);
/** To the monitor: Host Factory's hosts. */
export const lostHostsQuery = defineQuery<LostHostsAnswer, [LostHostsQuery]>(QUERY.lostHosts);
/** To the monitor: what the answer to such a query said to be news. */
export const hostListUpdatedSignal = defineSignal<[HostListUpdate]>(SIGNAL.hostListUpdated);
/** To the monitor, for people. */
export const reportQuery = defineQuery<MonitorReport>(QUERY.report);
/** To the monitor: an operator wants these requests adopted, whatever it would do by itself. */
export const forceAdoptionSignal = defineSignal<[ForceAdoption]>(SIGNAL.forceAdoption);
/** To the monitor: what the cloud has announced. */
export const machinesInterruptedSignal = defineSignal<[MachinesInterrupted]>(SIGNAL.machinesInterrupted);
