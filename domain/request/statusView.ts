import type { RequestStatus } from '../machine/machine.ts';
import type { PackedMachines } from '../machine/packed.ts';

/** Machines in one answer, to stay below Temporal's payload limit. */
export const STATUS_PAGE_SIZE = 4_000;

/** Answer of the `status` query of both workflows, and the result of both. */
export interface StatusView {
  readonly v: 1;
  /** Absent in answers of a 0.1.0 worker. */
  readonly deployment?: string;
  readonly provider?: string;
  readonly status: RequestStatus;
  readonly message: string;
  /** All machines of the request or return; `machines` is a page of them, from `offset` on. */
  readonly total: number;
  readonly offset: number;
  readonly machines: PackedMachines;
  /** How many of all machines are unacknowledged; absent for none. */
  readonly unacknowledged?: number;
}
