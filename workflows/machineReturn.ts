import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { DeliverReturnResult } from '../contract/activities.ts';
import { batchesOf } from '../domain/request/launch.ts';
import {
  delivered,
  initialReturn,
  released,
  returnStatus,
  unanswered,
  undecided,
  type ReturnItem,
  type ReturnState,
} from '../domain/return/state.ts';
import { readLane, terminateLane, waitLane } from './runtime/activityStubs.ts';
import { machinesReleasedSignal, statusQuery } from './runtime/definitions.ts';
import { tellState } from './runtime/visibility.ts';
import type { StatusView } from '../domain/request/statusView.ts';
import type { MachinesReleased } from '../domain/request/returns.ts';
import type { MachineReturnInput } from '../domain/return/input.ts';

/** It is looked after this time what became of the machines: an owner may have closed, or been reset. */
const DELIVER_AGAIN_MS = 60_000;
/** Machines that are gone are told after this time, though others of the batch still shut down. */
const REPORT_GONE_SECONDS = 60;
/** Machines that no read shows need two reads 20 minutes apart; asking every minute would tell nothing more. */
const LOOK_AGAIN_MS = 5 * 60_000;

/**
 * One return of Host Factory: hands each machine to its owner, collects the owners' answers and serves
 * the status of its own id. Its result is its last status.
 */
export async function machineReturn(input: MachineReturnInput): Promise<StatusView> {
  let state = initialReturn(input);
  const takeIn = (next: ReturnState): void => {
    state = next;
    setCurrentDetails(returnStatus(state).message);
  };
  setHandler(statusQuery, (page) => returnStatus(state, page.offset));
  setHandler(machinesReleasedSignal, (answer) => takeIn(released(state, answer)));

  while (undecided(state).length > 0) {
    const silent = new Set(unanswered(state, Date.now()));
    await Promise.all([
      ...batchesOf([...silent]).map(async (batch) => {
        const answer = await terminate(batch);
        takeIn(released(state, answer));
      }),
      ...batchesOf(undecided(state).filter((item) => !silent.has(item))).map(async (batch) => {
        const { deliveries } = await deliver(input, batch);
        takeIn(delivered(state, deliveries, Date.now()));
      }),
    ]);
    const waiting = undecided(state).some((item) => item.absentSince === 0);
    await condition(() => undecided(state).length === 0, waiting ? DELIVER_AGAIN_MS : LOOK_AGAIN_MS);
  }
  tellState('returned');
  return returnStatus(state, 0, state.items.length);
}

function deliver(
  { deployment, provider, returnId, createdAt, machines, callId }: MachineReturnInput,
  batch: readonly ReturnItem[],
): Promise<DeliverReturnResult> {
  return readLane(`deliver ${batch.length} machines to their owners`).deliverReturn({
    deployment,
    provider,
    returnId,
    createdAt,
    ...(callId === undefined ? {} : { callId }),
    // Once a name has led to a machine, that machine is meant, also when it is no longer live.
    machines: batch.map(({ index, machineId, signalledAt }) => ({
      ...(machineId === '' ? machines[index] : { machineId }),
      index,
      seen: signalledAt > 0,
    })),
  });
}

/** What an owner would do, for one that does not. */
async function terminate(batch: readonly ReturnItem[]): Promise<MachinesReleased> {
  const machineIds = batch.map(({ machineId }) => machineId);
  const { refused } = await terminateLane(
    `terminate ${batch.length} machines whose owner is silent`,
  ).terminate({ machineIds });
  const kept = new Set(refused.map(({ machineId }) => machineId));
  const going = machineIds.filter((id) => !kept.has(id));
  const gone =
    going.length === 0
      ? []
      : await waitLane(`wait until ${going.length} machines are gone`).awaitGone({
          machineIds: going,
          reportSeconds: REPORT_GONE_SECONDS,
        });
  return {
    ownerId: '',
    machines: [
      ...gone.map(({ machineId }) => ({ machineId, result: 'succeed' as const, message: '' })),
      ...refused.map(({ machineId, message }) => ({ machineId, result: 'fail' as const, message })),
    ],
  };
}
