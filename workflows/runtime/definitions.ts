import { defineQuery, defineSignal } from '@temporalio/workflow';
import type {
  AdoptByHand,
  HostNews,
  HostsAnswer,
  HostsQuery,
  MonitorReport,
} from '../../domain/monitor/messages.ts';
import {
  QUERY,
  SIGNAL,
  type Claimed,
  type MachinesAnnounced,
  type MachinesSeen,
  type Reclaim,
  type StatusPage,
} from '../../contract/messages.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachinesReleased, ReturnMachines } from '../../domain/request/returns.ts';
import type { MachineStanding } from '../../domain/request/ownershipStatus.ts';

/** Both workflows answer it, from their own state: a status poll costs no call to the cloud. */
export const statusQuery = defineQuery<StatusView, [StatusPage]>(QUERY.status);
/** To an owner, of these machineIds. */
export const standingQuery = defineQuery<MachineStanding[], [readonly string[]]>(QUERY.standing);
/** To an owner: units of its template that it has, or still launches, and does not give back. */
export const heldQuery = defineQuery<number>(QUERY.held);
/** To an owner: give these machines back and tell the return. */
export const returnMachinesSignal = defineSignal<[ReturnMachines]>(SIGNAL.returnMachines);
/** To an owner: what the monitor saw of its machines. */
export const machinesSeenSignal = defineSignal<[MachinesSeen]>(SIGNAL.machinesSeen);
/** To an owner: Host Factory has read these of its machines. */
export const claimedSignal = defineSignal<[Claimed]>(SIGNAL.claimed);
/** To an owner: give these back if Host Factory never read them. */
export const reclaimSignal = defineSignal<[Reclaim]>(SIGNAL.reclaim);
/** To a return: what became of its machines. */
export const machinesReleasedSignal = defineSignal<[MachinesReleased]>(SIGNAL.machinesReleased);
/** To the monitor: Host Factory's hosts. */
export const hostsQuery = defineQuery<HostsAnswer, [HostsQuery]>(QUERY.hosts);
/** To the monitor: what the answer to such a query said to be news. */
export const hostsNamedSignal = defineSignal<[HostNews]>(SIGNAL.hostsNamed);
/** To the monitor, for people. */
export const reportQuery = defineQuery<MonitorReport>(QUERY.report);
/** To the monitor: an operator wants these requests adopted, whatever it would do by itself. */
export const adoptByHandSignal = defineSignal<[AdoptByHand]>(SIGNAL.adoptByHand);
/** To the monitor: what the cloud has announced. */
export const machinesAnnouncedSignal = defineSignal<[MachinesAnnounced]>(SIGNAL.machinesAnnounced);
