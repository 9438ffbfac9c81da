/** Input of `machineReturn`: the machines as Host Factory names them. */
export interface MachineReturnInput {
  readonly v: 1;
  readonly returnId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly machines: readonly ReturnedMachine[];
  /** Id of Host Factory's call in the logs. */
  readonly callId?: string;
}

export interface ReturnedMachine {
  readonly machineId?: string;
  readonly name?: string;
}
