import { CancellationScope, setHandler } from '@temporalio/workflow';
import { capacityInUse } from '../../domain/request/state.ts';
import { Provisioning } from './provisioning.ts';
import { RequestOwner } from './requestOwner.ts';
import { Termination } from './termination.ts';
import { setHfState } from '../runtime/visibility.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import {
  acknowledgeSignal,
  capacityInUseQuery,
  machinesObservedSignal,
  releaseUnacknowledgedSignal,
  returnMachinesSignal,
  ownershipStatusQuery,
} from '../../contract/machineRequest.ts';
import { statusQuery } from '../../contract/status.ts';

/**
 * One machine request of Host Factory, from its acceptance to the end of its last machine.
 *
 * It launches until it has what HF asked for or the deadline passes, and settles the request. Then it stays open and
 * idle as the owner of its machines, and releases those that HF returns. Neither a cancel, a deadline nor a killed
 * worker makes it forget a machine: it ends only when none is left. Its result is its last status.
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
  // A cancel means "release everything, then end"; it must not stop the release.
  CancellationScope.current().cancelRequested.catch(() => cancelRequest(owner));

  await CancellationScope.nonCancellable(() => Promise.all([provisioning.run(), termination.run()]));
  return owner.runState() === 'finished' ? owner.close() : owner.continueAsNew();
}

/** Operators find a cancelled request by its state at once, though the release of its machines may take long. */
function cancelRequest(owner: RequestOwner): void {
  owner.cancel();
  setHfState('cancelled');
}
