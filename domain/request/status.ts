import type { Machine } from '../machine/machine.ts';
import { packMachines } from '../machine/packed.ts';
import {
  STATUS_PAGE_SIZE,
  type MachineStanding,
  type MachinesReleased,
  type StatusView,
} from '../shared/messages.ts';
import type { RequestState } from './state.ts';

/** The answer to Host Factory's status poll: what the owner knows, from `offset` on. */
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
  };
}

/**
 * The answer to a return, or undefined while one of its machines is still undecided. A machine that AWS
 * refuses to terminate is answered `fail` now, in bounded time; its owner keeps it and goes on trying.
 */
export function answerTo(
  state: RequestState,
  ownerId: string,
  machineIds: readonly string[],
): MachinesReleased | undefined {
  const machines = machineIds.map((machineId) => {
    const machine = state.machines.get(machineId);
    if (machine?.release === 'gone') return { machineId, result: 'succeed' as const, message: '' };
    if (machine?.release === 'refused')
      return { machineId, result: 'fail' as const, message: machine.reason };
    return undefined;
  });
  if (machines.includes(undefined)) return undefined;
  return { ownerId, machines: machines.filter((machine) => machine !== undefined) };
}

/** What the monitor is told of a machine: whether its end is the doing of Host Factory or the owner. */
export function standingOf(machine: Machine | undefined): MachineStanding {
  if (!machine) return 'unknown';
  return machine.release === 'kept' ? 'held' : 'released';
}
