import type { Machine } from '../machine/machine.ts';
import type { RequestStatus } from '../machine/machine.ts';

/** The status of one request or return, as Host Factory gets it. */
export interface StatusAnswer {
  readonly status: RequestStatus;
  readonly message: string;
  readonly machines: readonly Machine[];
  /** Machines whose result is `succeed` and that the owner does not know to be acknowledged. */
  readonly unacknowledged?: readonly string[];
}

/** One request, return or adopter in a list. */
export interface WorkflowRow {
  readonly id: string;
  readonly kind: 'request' | 'return' | 'adopter';
  /** HfState while it is open, else Temporal's closed status in lower case. */
  readonly state: string;
  readonly isOpen: boolean;
  readonly template: string;
  /** Machines requested or returned. */
  readonly count: number;
}

export interface RequestFilter {
  readonly isOpen?: boolean;
  readonly state?: string | undefined;
  readonly templateId?: string | undefined;
}

/** Requests, returns and adopters of one provider. */
export interface RequestRepository {
  /** One answer per id, in the same order. @throws UnavailableError */
  statuses(ids: readonly string[]): Promise<readonly StatusAnswer[]>;
  /** The newest first. @throws UnavailableError */
  list(filter: RequestFilter, limit: number): Promise<readonly WorkflowRow[]>;
}
