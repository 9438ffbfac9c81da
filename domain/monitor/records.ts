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

/** A machine that should stand in Host Factory's list and does not. */
export interface UnlistedMachine {
  readonly machineId: string;
  /** Consecutive lists that count and lack it. */
  readonly missedLists: number;
  /** What its owner says of it; `unqueried` before. */
  readonly ownershipStatus: 'unqueried' | Exclude<OwnershipStatus, 'unknown' | 'booting'>;
  /** Epoch ms before which the owner is not asked again. */
  readonly queryAfter: number;
  /** Epoch ms at which its owner was told to give it back; 0 before. */
  readonly releaseRequestedAt: number;
}

/** What is kept of a list of Host Factory's hosts. */
export interface HostListSummary {
  /** Epoch ms by the caller's clock. */
  readonly at: number;
  readonly hostCount: number;
  /** Our machines among them. */
  readonly listedMachines: number;
  /** Why nothing follows from what it lacks: it is empty, or has other names than ours; else ''. */
  readonly untrustedReason: '' | 'empty' | 'unrecognized';
  /** Counted lists in a row with the same doubt. */
  readonly streak: number;
}

/** A machine that goes, or went, and not because Host Factory gave it back, as far as is known. */
export interface LostMachine {
  readonly machineId: string;
  readonly name: string;
  /** '' for a machine that is not ours. */
  readonly requestId: string;
  readonly state: MachineState;
  readonly reason: string;
  /** Epoch ms at which it goes or went. */
  readonly lostAt: number;
  /** Epoch ms at which it was noticed. */
  readonly noticedAt: number;
  /** `unqueried` until its owner said whether it is being given back; only what is not is `reported`. */
  readonly stage: 'unqueried' | 'reported' | 'released';
  /** Epoch ms before which the owner is not asked again. */
  readonly queryAfter: number;
  /** Whether the owner has heard of the end. */
  readonly isOwnerNotified: boolean;
}

/** A machine that sweeps do not show, though they did, or though Host Factory has it. */
export interface SuspectMachine {
  readonly machineId: string;
  readonly name: string;
  readonly requestId: string;
  /** Epoch ms of the first read by id that lacked it; 0 before. */
  readonly absentSince: number;
  /** Epoch ms of the next look. */
  readonly nextReadAt: number;
}

/** When machines that nobody claims are given back. */
export interface UnacknowledgedRules {
  /** Consecutive lists of Host Factory that lack a machine. */
  readonly maxMissedLists: number;
  /** ms from its launch before which a machine is not missed. */
  readonly minAgeMs: number;
  /** The part of all machines that at most is given back or adopted at once, and by which a list may shrink. */
  readonly breakerShare: number;
}
