import { condition, setCurrentDetails, setHandler } from '@temporalio/workflow';
import { batchesOf } from '../domain/request/launch.ts';
import { delivered, initialReturn, released, returnStatus, undecided } from '../domain/return/state.ts';
import type { MachineReturnInput, StatusView } from '../domain/shared/messages.ts';
import { readLane } from './lanes.ts';
import { machinesReleasedSignal, statusQuery } from './messages.ts';
import { tellReturned } from './visibility.ts';

/** The owners are signalled again after this time: a signal is idempotent, and an owner may have closed. */
const DELIVER_AGAIN_MS = 60_000;
/** Machines that no read shows need two reads 20 minutes apart; asking every minute would tell nothing more. */
const LOOK_AGAIN_MS = 5 * 60_000;

/**
 * One return of Host Factory: hands each machine to its owner, collects the owners' answers and serves
 * the status of its own id. Its result is its last status.
 */
export async function machineReturn(input: MachineReturnInput): Promise<StatusView> {
  let state = initialReturn(input);
  setHandler(statusQuery, (page) => returnStatus(state, page.offset));
  setHandler(machinesReleasedSignal, (answer) => {
    state = released(state, answer);
  });

  while (undecided(state).length > 0) {
    const { deployment, provider, returnId, createdAt } = input;
    await Promise.all(
      batchesOf(undecided(state)).map(async (batch) => {
        const { deliveries } = await readLane(
          `deliver ${batch.length} machines to their owners`,
        ).deliverReturn({
          deployment,
          provider,
          returnId,
          createdAt,
          machines: batch.map(({ index }) => ({ ...input.machines[index], index })),
        });
        state = delivered(state, deliveries, Date.now());
      }),
    );
    setCurrentDetails(returnStatus(state).message);
    const waiting = undecided(state).some((item) => item.absentSince === 0);
    await condition(() => undecided(state).length === 0, waiting ? DELIVER_AGAIN_MS : LOOK_AGAIN_MS);
  }
  tellReturned();
  return returnStatus(state, 0, state.items.length);
}
