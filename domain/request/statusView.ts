import type { PackedMachines } from '../machine/packed.ts';

/** Host Factory's three words for a request or a return. */
export type RequestStatus = 'running' | 'complete' | 'complete_with_error';

export const STATUS_PAGE_SIZE = 4_000;

/** Answer of the `status` query of both workflows, and the result of both. */
export interface StatusView {
  readonly v: 1;
  /** Whose it is. A worker of 0.1.0 does not say. */
  readonly deployment?: string;
  readonly provider?: string;
  readonly status: RequestStatus;
  readonly message: string;
  /** Machines in all; this view holds those from `offset` on. */
  readonly total: number;
  readonly offset: number;
  readonly machines: PackedMachines;
  /** How many of all machines are `succeed` and were not claimed yet; absent for none. */
  readonly unacknowledged?: number;
}
