/**
 * Workflow code decides a launch. Its token is in the workflow's history before the cloud receives the call, so a
 * retry, another worker or a reset can repeat the launch without launching twice.
 */
export interface Launch {
  /** 1, 2, 3, ...; never reused, whatever the outcome. A run after a reset continues at 1,001, 2,001, ... */
  readonly ordinal: number;
  /** Idempotency token of the call and value of the tag `ohf:launch`: at most 64 ASCII characters (AWS). */
  readonly token: string;
  /** Requested units; 0 for an orphaned group. */
  readonly units: number;
  /** Epoch ms by the workflow's clock. */
  readonly decidedAt: number;
  /**
   * `open`: the outcome of the call is uncertain. `settled`: it is certain. `overdue`: it is still uncertain long after
   * the deadline; the request settles without it, and machines that it turns out to have launched are released.
   */
  readonly stage: 'open' | 'overdue' | 'settled';
  /** Units that it launched. */
  readonly fulfilledUnits: number;
  /** The group that it created or discovered. The group may still launch while the launch is open. */
  readonly group?: Group;
}

/**
 * A fleet or an Auto Scaling group: it may launch until it is frozen. Every group is frozen before its request
 * settles. From then on it neither launches, replaces nor removes machines.
 */
export interface Group {
  /** The launch method that created it. */
  readonly launchMethod: string;
  /** The cloud's id, or its name if the cloud identifies it by name. */
  readonly id: string;
  /** The group outlasts its last machine and has to be deleted. */
  readonly mustBeDeleted?: true;
}

/** Why an offering provided less than requested. */
export interface Shortage {
  readonly offering: string;
  /** The cloud's own code, e.g. `InsufficientInstanceCapacity`. */
  readonly code: string;
  readonly message: string;
}

/**
 * Limits the machines in one call or one activity: larger launches are slow and fail as a whole, and the payloads stay
 * well below Temporal's limits.
 */
export const MAX_BATCH = 500;

export function batchesOf<T>(items: readonly T[], size = MAX_BATCH): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/**
 * Deterministic: a reset workflow that decides the same launch again uses the same token. The request's UUID makes it
 * unique; the deployment identifies it in CloudTrail.
 */
export function launchToken(deployment: string, requestId: string, ordinal: number): string {
  return `${deployment}-${requestId.replace(/^req-/, '').replaceAll('-', '')}-${ordinal}`;
}

export interface LaunchedMachine {
  readonly machineId: string;
  readonly instanceType: string;
  readonly spot: boolean;
}
