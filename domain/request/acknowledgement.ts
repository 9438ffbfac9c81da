import type { Machine } from '../machine/machine.ts';
import type { RequestState } from './state.ts';

/**
 * A machine is claimed when Host Factory has read it as `succeed`, or has named it. One that was never claimed may
 * belong to a request whose id Host Factory never learned: then nobody would ever give it back.
 */
export function withoutClaimed(state: RequestState, machineIds: readonly string[]): RequestState {
  const early = state.phase === 'settled' ? [] : machineIds.filter((id) => !isReady(state, id));
  const claimed = machineIds.filter((id) => state.unclaimed.has(id));
  if (early.length + claimed.length === 0) return state;
  const unclaimed = new Set(state.unclaimed);
  for (const id of claimed) unclaimed.delete(id);
  return { ...state, unclaimed, claimedEarly: new Set([...state.claimedEarly, ...early]) };
}

/** Notes what became `succeed` between two states and has yet to be read. */
export function withUnclaimed(
  before: RequestState,
  after: RequestState,
  machineIds: readonly string[],
): RequestState {
  const fresh = machineIds.filter(
    (id) => isReady(after, id) && !isReady(before, id) && !before.claimedEarly.has(id),
  );
  if (fresh.length === 0) return after;
  return { ...after, unclaimed: new Set([...after.unclaimed, ...fresh]) };
}

const isReady = ({ machines }: RequestState, id: string): boolean => machines.get(id)?.result === 'succeed';

const RECLAIMED = 'Host Factory never read the machine; it was given back.';

/** To be given back because nobody knows of it. It was never read as `succeed`, so that it may become `fail`. */
export const reclaimed = (machine: Machine): Machine => ({
  ...machine,
  result: 'fail',
  message: RECLAIMED,
  release: 'wanted',
});

export const isReclaimed = ({ result, message }: Machine): boolean =>
  result === 'fail' && message === RECLAIMED;
