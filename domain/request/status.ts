import { packMachines } from '../machine/packed.ts';
import type { RequestState } from './state.ts';
import { STATUS_PAGE_SIZE, type StatusView } from './statusView.ts';
import type { ReturnOutcome } from './returns.ts';
import type { OwnershipStatus } from './ownershipStatus.ts';

/** The answer to Host Factory's status poll: the owner's state, with one page of machines from `offset` on. */
export function requestStatus(state: RequestState, offset = 0, size = STATUS_PAGE_SIZE): StatusView {
  const machines = [...state.machines.values()];
  const { deployment, provider } = state.input;
  return {
    v: 1,
    deployment,
    provider,
    status: state.status,
    message: state.message,
    total: machines.length,
    offset,
    machines: packMachines(machines.slice(offset, offset + size)),
    ...(state.unacknowledged.size === 0 ? {} : { unacknowledged: state.unacknowledged.size }),
  };
}

/**
 * The answer to a return, or undefined while the result of one of its machines is open. A machine that AWS refuses to
 * terminate is answered `fail` in bounded time; its owner keeps it and retries its release.
 */
export function returnOutcomeOf(
  state: RequestState,
  ownerId: string,
  machineIds: readonly string[],
): ReturnOutcome | undefined {
  const machines = machineIds.map((machineId) => {
    const machine = state.machines.get(machineId);
    if (machine?.release === 'terminated') return { machineId, result: 'succeed' as const, message: '' };
    if (machine?.release === 'refused')
      return { machineId, result: 'fail' as const, message: machine.reason };
    return undefined;
  });
  if (machines.includes(undefined)) return undefined;
  return { ownerId, machines: machines.filter((machine) => machine !== undefined) };
}

/** Answers the monitor: whether Host Factory has acknowledged the machine, and whether the owner is releasing it. */
export function ownershipStatusOf(
  { machines, unacknowledged, releasedUnacknowledged }: RequestState,
  machineId: string,
): OwnershipStatus {
  const machine = machines.get(machineId);
  if (!machine) return 'unknown';
  // If Host Factory holds it after all, the monitor has to report its end.
  if (releasedUnacknowledged.has(machineId)) return 'acknowledged';
  if (machine.release !== 'held') return 'released';
  if (machine.result === 'executing') return 'booting';
  return unacknowledged.has(machineId) ? 'unacknowledged' : 'acknowledged';
}
