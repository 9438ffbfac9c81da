import { CancellationScope, setHandler } from '@temporalio/workflow';
import { capacityInUse } from '../../domain/request/state.ts';
import { Provisioning } from './provisioning.ts';
import { RequestOwner } from './requestOwner.ts';
import {
  acknowledgeSignal,
  capacityInUseQuery,
  machinesObservedSignal,
  releaseUnacknowledgedSignal,
  returnMachinesSignal,
  ownershipStatusQuery,
  statusQuery,
} from '../runtime/definitions.ts';
import { Termination } from './termination.ts';
import { setHfState } from '../runtime/visibility.ts';
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
  const owner = new RequestOwner(input);
  const provisioning = new Provisioning(owner);
  const termination = new Termination(owner);
  setHandler(statusQuery, (page) => owner.status(page.offset));
  setHandler(ownershipStatusQuery, (machineIds) => owner.ownershipStatus(machineIds));
  setHandler(capacityInUseQuery, () => capacityInUse(owner.state));
  setHandler(returnMachinesSignal, (request) => owner.acceptReturn(request));
  setHandler(acknowledgeSignal, ({ machineIds }) => owner.acknowledge(machineIds));
  setHandler(releaseUnacknowledgedSignal, ({ machineIds }) => owner.releaseUnacknowledged(machineIds));
  setHandler(machinesObservedSignal, (message) => {
    owner.observe(message);
    if (message.groups) provisioning.adoptGroups(message.groups);
    if (message.unreported) termination.releaseUnreported(message.unreported, message.releaseAt ?? 0);
  });
  // A cancel from outside means "give everything back, then end"; it must not stop the giving back.
  CancellationScope.current().cancelRequested.catch(() => cancelRequest(owner));

  await CancellationScope.nonCancellable(() => Promise.all([provisioning.run(), termination.run()]));
  if (!owner.isFinished()) return owner.continueAsNew();
  return owner.close();
}

/** Operators find a cancelled request by its state at once, though the release of its machines may take long. */
function cancelRequest(owner: RequestOwner): void {
  owner.cancel();
  setHfState('cancelled');
}
