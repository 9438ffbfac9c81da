/**
 * A launch is decided in workflow code and stands in history, with its token, before the cloud hears of
 * it. That is what lets a retry, a new worker or a reset repeat it without launching twice.
 */
export interface Launch {
  /** 1, 2, 3, ...: never used again, whatever became of the launch. A run after a reset goes on from 1,001, 2,001, ... */
  readonly ordinal: number;
  /** Client token of the call and value of the tag `ohf:launch`: at most 64 ASCII characters (AWS). */
  readonly token: string;
  /** Units asked for; 0 for a group whose owner is lost. */
  readonly units: number;
  /** Epoch ms by the workflow's clock. */
  readonly decidedAt: number;
  /**
   * `open` until it is certain what the call did; then `settled`. `overdue`: not certain, and so long after
   * the deadline that the request is answered without it; what it turns out to have brought is given back.
   */
  readonly stage: 'open' | 'overdue' | 'settled';
  /** Units that it brought. */
  readonly fulfilledUnits: number;
  /** The group that it made, or that was found; while the launch is open, that may still launch. */
  readonly group?: Group;
}

/**
 * What a cloud launches from by itself until it is told to stop, e.g. a fleet or an Auto Scaling group. Every group is
 * frozen before its request is settled: from then on it neither replaces a machine nor takes one away.
 */
export interface Group {
  /** Which way to launch of the provider made it. */
  readonly launchMethod: string;
  /** The cloud's id, or the name where that is the key. */
  readonly id: string;
  /** It stays when its last machine is gone, and has to be removed. */
  readonly mustBeDeleted?: true;
}

/** Why a pool (instance type, zone, price type) gave less than was asked. */
export interface Shortage {
  readonly offering: string;
  /** The cloud's own code, e.g. `InsufficientInstanceCapacity`. */
  readonly code: string;
  readonly message: string;
}

/**
 * Machines in one call or one activity at most: larger launches are slow and fail as a whole, and payloads
 * stay well below Temporal's limits.
 */
export const MAX_BATCH = 500;

export function batchesOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / MAX_BATCH) }, (_, index) =>
    items.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
  );
}

/**
 * Deterministic, so that a reset workflow that decides the same launch again names the same launch.
 * The request's UUID makes it unique; the deployment makes it readable in CloudTrail.
 */
export function launchToken(deployment: string, requestId: string, ordinal: number): string {
  return `${deployment}-${requestId.replace(/^req-/, '').replaceAll('-', '')}-${ordinal}`;
}

export interface LaunchedMachine {
  readonly machineId: string;
  readonly instanceType: string;
  readonly spot: boolean;
}
