import type { MachineState } from '../machine/machine.ts';
import type { OwnershipStatus } from '../request/ownershipStatus.ts';

export interface LiveMachine {
  readonly name: string;
  readonly requestId: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  /** It is shutting down. */
  readonly isShuttingDown: boolean;
}

/** A machine that Host Factory's list should contain and lacks. */
export interface UnlistedMachine {
  readonly machineId: string;
  /** Consecutive trusted lists that lack it. */
  readonly missedLists: number;
  /** Its owner's answer; `unqueried` until then. */
  readonly ownershipStatus: 'unqueried' | Exclude<OwnershipStatus, 'unknown' | 'booting'>;
  /** Epoch ms before which the owner is not queried again. */
  readonly queryAfter: number;
  /** Epoch ms at which its owner was signalled to release it; 0 if it was not. */
  readonly releaseRequestedAt: number;
}

/** What the monitor keeps of the last host list. */
export interface HostListSummary {
  /** Epoch ms by the caller's clock. */
  readonly at: number;
  readonly hostCount: number;
  /** Our machines among them. */
  readonly listedMachines: number;
  /** Why the monitor draws no conclusion from missing machines: an empty list, or unrecognized names; else ''. */
  readonly untrustedReason: '' | 'empty' | 'unrecognized';
  /** Consecutive counted lists with the same `untrustedReason`. */
  readonly streak: number;
}

/** A machine that ends or ended, as far as the monitor knows not because Host Factory returned it. */
export interface LostMachine {
  readonly machineId: string;
  readonly name: string;
  /** '' for a machine without our tags. */
  readonly requestId: string;
  readonly state: MachineState;
  readonly reason: string;
  /** Epoch ms at which it ends or ended. */
  readonly lostAt: number;
  /** Epoch ms at which it was noticed. */
  readonly noticedAt: number;
  /** `unqueried` until its owner answered. `released`: its owner releases it. Otherwise `reported`, to Host Factory. */
  readonly stage: 'unqueried' | 'reported' | 'released';
  /** Epoch ms before which the owner is not queried again. */
  readonly queryAfter: number;
  /** Whether the owner was notified of the end. */
  readonly isOwnerNotified: boolean;
}

/** A machine that a sweep lacks although an earlier one showed it, or although Host Factory lists it. */
export interface SuspectMachine {
  readonly machineId: string;
  readonly name: string;
  readonly requestId: string;
  /** Epoch ms of the first read by id that lacked it; 0 if none did. */
  readonly absentSince: number;
  /** Epoch ms of the next read by id. */
  readonly nextReadAt: number;
}

/** When unacknowledged machines are released. */
export interface UnacknowledgedRules {
  /** Consecutive host lists that lack a machine before it is released. */
  readonly maxMissedLists: number;
  /** ms after its launch before which a machine cannot count as unlisted. */
  readonly minAgeMs: number;
  /** 0..1: the share of all machines that may be released or adopted at once, and by which a host list may shrink. */
  readonly breakerShare: number;
}
