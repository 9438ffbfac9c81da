import { defineQuery, defineSignal } from '@temporalio/workflow';
import {
  QUERY,
  SIGNAL,
  type MachinesReleased,
  type ReturnMachines,
  type StatusPage,
  type StatusView,
} from '../domain/shared/messages.ts';

/** Both workflows answer it, from their own state: a status poll costs no call to the cloud. */
export const statusQuery = defineQuery<StatusView, [StatusPage]>(QUERY.status);
/** To an owner: give these machines back and tell the return. */
export const returnMachinesSignal = defineSignal<[ReturnMachines]>(SIGNAL.returnMachines);
/** To a return: what became of its machines. */
export const machinesReleasedSignal = defineSignal<[MachinesReleased]>(SIGNAL.machinesReleased);
