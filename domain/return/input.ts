/** Input of `machineReturn`: the machines as Host Factory named them. */
export interface MachineReturnInput {
  readonly v: 1;
  readonly returnId: string;
  readonly deployment: string;
  readonly provider: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly machines: readonly ReturnedMachine[];
  /** Names the call of Host Factory in logs. */
  readonly callId?: string;
}

export interface ReturnedMachine {
  readonly machineId?: string;
  readonly name?: string;
}
