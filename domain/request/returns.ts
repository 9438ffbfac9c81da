import type { Observation } from '../machine/machine.ts';

/** Signal to an owner. The return may repeat it; the owner then only repeats its answer. */
export interface ReturnMachines {
  readonly returnId: string;
  /** The latest observation of each, so that an owner accepts even a machine that it has not observed itself. */
  readonly machines: readonly Observation[];
  /** Id, in the logs, of Host Factory's call that returned them. */
  readonly callId?: string;
}

/** Signal from an owner to a return: the results of all machines of the return that this owner holds. */
export interface ReturnOutcome {
  readonly ownerId: string;
  readonly machines: readonly {
    readonly machineId: string;
    readonly result: 'succeed' | 'fail';
    readonly message: string;
  }[];
}

export interface TerminateMachinesResult {
  /** Machines that AWS refuses to terminate, e.g. because of termination protection. */
  readonly refused: readonly { readonly machineId: string; readonly message: string }[];
}
