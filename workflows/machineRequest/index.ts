import { CancellationScope, patched, setHandler } from '@temporalio/workflow';
import { unitsHeld } from '../../domain/request/state.ts';
import { Acquiring } from './provisioning.ts';
import { Ledger } from './requestOwner.ts';
import {
  claimedSignal,
  heldQuery,
  machinesSeenSignal,
  reclaimSignal,
  returnMachinesSignal,
  standingQuery,
  statusQuery,
} from '../runtime/definitions.ts';
import { Releasing } from './termination.ts';
import { tellState } from '../runtime/visibility.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';

/**
 * One machine request of Host Factory, from its acceptance to its last machine's end.
 *
 * It launches until it has what was asked or the deadline comes, reports the request settled, and stays
 * open, idle, as the owner of its machines, giving back those that Host Factory returns. Nothing that
 * happens to it - a cancel, a deadline, a dead worker - makes it forget a machine: it ends only when
 * none is left. Its result is its last status.
 */
export async function machineRequest(input: MachineRequestInput): Promise<StatusView> {
  const ledger = new Ledger(input);
  const acquiring = new Acquiring(ledger);
  const releasing = new Releasing(ledger);
  setHandler(statusQuery, (page) => ledger.status(page.offset));
  setHandler(standingQuery, (machineIds) => ledger.standing(machineIds));
  setHandler(heldQuery, () => unitsHeld(ledger.state));
  setHandler(returnMachinesSignal, (request) => ledger.takeBack(request));
  setHandler(claimedSignal, ({ machineIds }) => ledger.claim(machineIds));
  setHandler(reclaimSignal, ({ machineIds }) => ledger.reclaim(machineIds));
  setHandler(machinesSeenSignal, (seen) => {
    ledger.see(seen);
    if (seen.groups) acquiring.adoptGroups(seen.groups);
    if (seen.unreported) releasing.giveBackUnreported(seen.unreported, seen.giveBackAt ?? 0);
  });
  // A cancel from outside means "give everything back, then end"; it must not stop the giving back.
  CancellationScope.current().cancelRequested.catch(() => cancel(ledger));

  await CancellationScope.nonCancellable(() => Promise.all([acquiring.acquire(), releasing.giveBack()]));
  if (!ledger.isOver()) return ledger.continueAsNew();
  return ledger.close();
}

/** Giving back may take long; who looks for what was cancelled finds it at once. Older runs only told it at their end. */
function cancel(ledger: Ledger): void {
  ledger.cancel();
  if (patched('cancelled-at-once')) tellState('cancelled');
}
