import type { MachineState } from '../machine/machine.ts';
import type { MachineStanding } from '../request/ownershipStatus.ts';

export interface KnownMachine {
  readonly name: string;
  readonly requestId: string;
  /** Epoch seconds; 0 while unknown. */
  readonly launchTime: number;
  /** It is shutting down. */
  readonly leaving: boolean;
}

/** A machine that should stand in Host Factory's list and does not. */
export interface Absence {
  readonly machineId: string;
  /** Consecutive lists that count and lack it. */
  readonly lists: number;
  /** What its owner says of it; `unasked` before. */
  readonly standing: 'unasked' | Exclude<MachineStanding, 'unknown' | 'booting'>;
  /** Epoch ms before which the owner is not asked again. */
  readonly askAt: number;
  /** Epoch ms at which its owner was told to give it back; 0 before. */
  readonly reclaimedAt: number;
}

/** What is kept of a list of Host Factory's hosts. */
export interface SeenList {
  /** Epoch ms by the caller's clock. */
  readonly at: number;
  readonly hosts: number;
  /** Our machines among them. */
  readonly named: number;
  /** Why nothing follows from what it lacks: it is empty, or has other names than ours; else ''. */
  readonly doubt: '' | 'empty' | 'names';
  /** Counted lists in a row with the same doubt. */
  readonly streak: number;
}

/** A machine that goes, or went, and not because Host Factory gave it back, as far as is known. */
export interface Loss {
  readonly machineId: string;
  readonly name: string;
  /** '' for a machine that is not ours. */
  readonly requestId: string;
  readonly state: MachineState;
  readonly reason: string;
  /** Epoch ms at which it goes or went. */
  readonly at: number;
  /** Epoch ms at which it was noticed. */
  readonly since: number;
  /** `unasked` until its owner said whether it is being given back; only what is not is `reported`. */
  readonly stage: 'unasked' | 'reported' | 'released';
  /** Epoch ms before which the owner is not asked again. */
  readonly askAt: number;
  /** Whether the owner has heard of the end. */
  readonly told: boolean;
}

/** A machine that sweeps do not show, though they did, or though Host Factory has it. */
export interface Doubt {
  readonly machineId: string;
  readonly name: string;
  readonly requestId: string;
  /** Epoch ms of the first read by id that lacked it; 0 before. */
  readonly absentSince: number;
  /** Epoch ms of the next look. */
  readonly lookAt: number;
}

/** When machines that nobody claims are given back. */
export interface UnclaimedRules {
  /** Consecutive lists of Host Factory that lack a machine. */
  readonly lists: number;
  /** ms from its launch before which a machine is not missed. */
  readonly minAgeMs: number;
  /** The part of all machines that at most is given back or adopted at once, and by which a list may shrink. */
  readonly share: number;
}
