import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { MachineRequestInput, StatusView } from '../domain/shared/messages.ts';
import { machinesSeenSignal, returnMachinesSignal, standingQuery, statusQuery } from './messages.ts';
import { RequestOwner } from './requestOwner.ts';

/**
 * One machine request of Host Factory, from its acceptance to its last machine's end.
 *
 * It launches until it has what was asked or the deadline comes, reports the request settled, and stays
 * open, idle, as the owner of its machines, giving back those that Host Factory returns. Nothing that
 * happens to it - a cancel, a deadline, a dead worker - makes it forget a machine: it ends only when
 * none is left. Its result is its last status.
 */
export async function machineRequest(input: MachineRequestInput): Promise<StatusView> {
  const owner = new RequestOwner(input);
  setHandler(statusQuery, (page) => owner.status(page.offset));
  setHandler(standingQuery, (machineIds) => owner.standing(machineIds));
  setHandler(returnMachinesSignal, (request) => owner.takeBack(request));
  setHandler(machinesSeenSignal, ({ sightings }) => owner.see(sightings));
  // A cancel from outside means "give everything back, then end"; it must not stop the giving back.
  CancellationScope.current().cancelRequested.catch(() => owner.cancel());

  await CancellationScope.nonCancellable(() => Promise.all([owner.acquire(), owner.giveBack()]));
  if (!owner.isOver()) return owner.continueAsNew();
  return owner.close();
}
