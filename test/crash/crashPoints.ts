/** A point at which every way that gets there is stopped, between two durable steps. */
export interface CrashPoint {
  readonly name: string;
  readonly during: 'request' | 'return' | 'last return';
  /** Calls that are waited for, by action; all that come are held. */
  readonly calls: Readonly<Record<string, number>>;
  /** Earlier calls of the same action that pass. */
  readonly skip?: number;
}

/** In the order in which the calls of a life come. Every call that changes something stands here. */
export const CRASH_POINTS: readonly CrashPoint[] = [
  { name: 'launch template', during: 'request', calls: { CreateLaunchTemplate: 7 } },
  {
    name: 'launch',
    during: 'request',
    calls: { CreateFleet: 3, RunInstances: 1, RequestSpotFleet: 2, CreateAutoScalingGroup: 1 },
  },
  { name: 'claim of members', during: 'request', calls: { CreateTags: 2, SuspendProcesses: 1 } },
  {
    name: 'freeze',
    during: 'request',
    calls: { DeleteFleets: 2, CancelSpotFleetRequests: 2, SetDesiredCapacity: 1 },
  },
  { name: 'freeze of a scaling group', during: 'request', calls: { SuspendProcesses: 1 }, skip: 1 },
  { name: 'termination', during: 'return', calls: { TerminateInstances: 6, SetDesiredCapacity: 1 } },
  { name: 'termination after a shrink', during: 'return', calls: { TerminateInstances: 1 }, skip: 6 },
  {
    name: 'last termination',
    during: 'last return',
    calls: { TerminateInstances: 6, SetDesiredCapacity: 1 },
  },
  { name: 'removal of a group', during: 'last return', calls: { DeleteAutoScalingGroup: 1 } },
];

export type CrashMode = 'hold' | 'holdAfter';

/**
 * One kill: of what, at which point, before or after the effect. A paused worker goes on, with its calls, after
 * another one took over.
 */
export interface Kill {
  readonly victim: 'worker' | 'temporal' | 'paused worker';
  readonly point: CrashPoint;
  readonly mode: CrashMode;
}

export const killsOf = (
  victim: Kill['victim'],
  mode: CrashMode,
  points: readonly CrashPoint[] = CRASH_POINTS,
): Kill[] => points.map((point) => ({ victim, point, mode }));

/**
 * The same points for lives in which a kill makes no call come twice. What is skipped to get to a later point would
 * else never come after a kill at the earlier one.
 */
export const POINTS_IN_TWO_LIVES: readonly (readonly CrashPoint[])[] = [
  CRASH_POINTS.filter(({ skip }) => skip === undefined),
  CRASH_POINTS.filter(({ skip }) => skip !== undefined),
];

/** No change, and so not among them: machines are there and are waited for. A worker that starts reads them too. */
export const BOOT: CrashPoint = { name: 'boot', during: 'request', calls: { DescribeInstances: 1 } };

/** All that AWS is asked to change, and how many ways ask for it. */
export const CHANGES: ReadonlyMap<string, number> = new Map(
  CRASH_POINTS.flatMap(({ calls }) => Object.entries(calls)),
);
