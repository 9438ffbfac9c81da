import type { Machine } from '../machine/machine.ts';
import type { RequestState } from './state.ts';

/**
 * A machine is claimed when Host Factory has read it as `succeed`, or has named it. One that was never claimed may
 * belong to a request whose id Host Factory never learned: then nobody would ever give it back.
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

/** Notes what became `succeed` between two states and has yet to be read. */
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

const RELEASED_UNACKNOWLEDGED = 'Host Factory never read the machine; it was given back.';

/** To be given back because nobody knows of it. It was never read as `succeed`, so that it may become `fail`. */
export const releaseUnacknowledged = (machine: Machine): Machine => ({
  ...machine,
  result: 'fail',
  message: RELEASED_UNACKNOWLEDGED,
  release: 'pendingRelease',
});

export const wasReleasedUnacknowledged = ({ result, message }: Machine): boolean =>
  result === 'fail' && message === RELEASED_UNACKNOWLEDGED;
