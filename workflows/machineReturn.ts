import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { DeliverReturnResult } from '../contract/activities.ts';
import { isAlive } from '../domain/machine/machine.ts';
import { batchesOf } from '../domain/request/launch.ts';
import {
  applyDeliveries,
  initialReturnState,
  applyOutcome,
  returnStatus,
  itemsWithSilentOwner,
  undecidedItems,
  type ReturnItem,
  type ReturnState,
} from '../domain/return/state.ts';
import { readStub, terminateStub, waitStub } from './runtime/activityStubs.ts';
import { setHfState } from './runtime/visibility.ts';
import type { StatusView } from '../domain/request/statusView.ts';
import type { ReturnOutcome } from '../domain/request/returns.ts';
import type { MachineReturnInput } from '../domain/return/input.ts';
import { returnOutcomeSignal } from '../contract/machineReturn.ts';
import { statusQuery } from '../contract/status.ts';

/** Undecided machines are delivered again after this time: their owner may have closed or been reset. */
const RETRY_DELIVERY_MS = 60_000;
/** Terminated machines are reported after this time, although others of the batch still shut down. */
const REPORT_SECONDS = 60;
/** A machine that no read shows needs two reads 20 minutes apart, so reading every minute would not help. */
const RETRY_ABSENT_MS = 5 * 60_000;

/**
 * One return of Host Factory: delivers each machine to its owner, collects the owners' outcomes and serves the status of
 * its own id. Its result is its last status.
 */
export async function machineReturn(input: MachineReturnInput): Promise<StatusView> {
  let state = initialReturnState(input);
  const update = (next: ReturnState): void => {
    state = next;
    setCurrentDetails(returnStatus(state).message);
  };
  setHandler(statusQuery, (page) => returnStatus(state, page.offset));
  setHandler(returnOutcomeSignal, (outcome) => update(applyOutcome(state, outcome)));

  while (undecidedItems(state).length > 0) {
    const withSilentOwner = new Set(itemsWithSilentOwner(state, Date.now()));
    await Promise.all([
      ...batchesOf([...withSilentOwner]).map(async (batch) => {
        const outcome = await terminateDirectly(batch);
        update(applyOutcome(state, outcome));
      }),
      ...batchesOf(undecidedItems(state).filter((item) => !withSilentOwner.has(item))).map(async (batch) => {
        const { deliveries } = await deliver(input, batch);
        update(applyDeliveries(state, deliveries, Date.now()));
      }),
    ]);
    const isAnyPresent = undecidedItems(state).some((item) => item.absentSince === 0);
    await condition(
      () => undecidedItems(state).length === 0,
      isAnyPresent ? RETRY_DELIVERY_MS : RETRY_ABSENT_MS,
    );
  }
  setHfState('returned');
  return returnStatus(state, 0, state.items.length);
}

function deliver(
  { deployment, provider, returnId, createdAt, machines, callId }: MachineReturnInput,
  batch: readonly ReturnItem[],
): Promise<DeliverReturnResult> {
  return readStub(`deliver ${batch.length} machines to their owners`).deliverReturn({
    deployment,
    provider,
    returnId,
    createdAt,
    ...(callId === undefined ? {} : { callId }),
    // A name that was resolved to a machine keeps meaning that machine, even after it is terminated.
    machines: batch.map(({ index, machineId, signalledAt }) => ({
      ...(machineId === '' ? machines[index] : { machineId }),
      index,
      wasDelivered: signalledAt > 0,
    })),
  });
}

/** Terminates machines whose owner does not respond. */
async function terminateDirectly(batch: readonly ReturnItem[]): Promise<ReturnOutcome> {
  const machineIds = batch.map(({ machineId }) => machineId);
  const { refused } = await terminateStub(
    `terminate ${batch.length} machines whose owner is silent`,
  ).terminateMachines({ machineIds });
  const refusedIds = new Set(refused.map(({ machineId }) => machineId));
  const terminatingIds = machineIds.filter((id) => !refusedIds.has(id));
  const observations =
    terminatingIds.length === 0
      ? []
      : await waitStub(`wait until ${terminatingIds.length} machines are terminated`).awaitTerminated({
          machineIds: terminatingIds,
          reportSeconds: REPORT_SECONDS,
        });
  return {
    ownerId: '',
    machines: [
      ...observations
        .filter(({ state }) => !isAlive(state))
        .map(({ machineId }) => ({ machineId, result: 'succeed' as const, message: '' })),
      ...refused.map(({ machineId, message }) => ({ machineId, result: 'fail' as const, message })),
    ],
  };
}
