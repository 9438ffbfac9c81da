import type { Observation } from '../machine/machine.ts';

/** Signal to an owner. The same returnId may come again; it then only gets its answer again. */
export interface ReturnMachines {
  readonly returnId: string;
  /** What was seen of each just before, so that an owner takes in even a machine that it had not seen. */
  readonly machines: readonly Observation[];
  /** Names the call of Host Factory that gave them back, in logs. */
  readonly callId?: string;
}

/** Signal from an owner to a return: all machines of it that this owner had are decided. */
export interface ReturnOutcome {
  readonly ownerId: string;
  readonly machines: readonly {
    readonly machineId: string;
    readonly result: 'succeed' | 'fail';
    readonly message: string;
  }[];
}

export interface TerminateMachinesResult {
  /** Machines that AWS will not terminate, e.g. for termination protection. */
  readonly refused: readonly { readonly machineId: string; readonly message: string }[];
}
