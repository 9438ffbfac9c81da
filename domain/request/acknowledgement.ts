import type { Machine } from '../machine/machine.ts';
import type { RequestState } from './state.ts';

/**
 * A machine is acknowledged when Host Factory has read it as `succeed`, or has returned it. An unacknowledged one may
 * belong to a request whose id Host Factory never received; Host Factory would then never return it.
 */
export function acknowledge(state: RequestState, machineIds: readonly string[]): RequestState {
  const notYetReady = state.phase === 'settled' ? [] : machineIds.filter((id) => !isReportedReady(state, id));
  const newlyAcknowledged = machineIds.filter((id) => state.unacknowledged.has(id));
  if (notYetReady.length + newlyAcknowledged.length === 0) return state;
  const unacknowledged = new Set(state.unacknowledged);
  for (const id of newlyAcknowledged) unacknowledged.delete(id);
  return {
    ...state,
    unacknowledged,
    acknowledgedEarly: new Set([...state.acknowledgedEarly, ...notYetReady]),
  };
}

/** Adds the machines that became `succeed` between two states: Host Factory has yet to read them. */
export function trackUnacknowledged(
  before: RequestState,
  after: RequestState,
  machineIds: readonly string[],
): RequestState {
  const newlyReady = machineIds.filter(
    (id) => isReportedReady(after, id) && !isReportedReady(before, id) && !before.acknowledgedEarly.has(id),
  );
  if (newlyReady.length === 0) return after;
  return { ...after, unacknowledged: new Set([...after.unacknowledged, ...newlyReady]) };
}

const isReportedReady = ({ machines }: RequestState, id: string): boolean =>
  machines.get(id)?.result === 'succeed';

const RELEASED_UNACKNOWLEDGED = 'Host Factory never read the status of the machine, so it was released.';

/** Host Factory never read the machine as `succeed`, so its result may still become `fail`. */
export const releaseUnacknowledged = (machine: Machine): Machine => ({
  ...machine,
  result: 'fail',
  message: RELEASED_UNACKNOWLEDGED,
  release: 'pendingRelease',
});
