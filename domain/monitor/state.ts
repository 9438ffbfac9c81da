import type { MachineState } from '../machine/machine.ts';
import type { MachineStanding } from '../../contract/messages.ts';
import type { UnclaimedRules } from '../../contract/monitorActivities.ts';
import { carriedState } from './continueAsNewState.ts';
import type { MonitorInput } from './messages.ts';
import { toAdopt, toReclaim } from './orphans.ts';

/** What the monitor of a provider instance knows. Only the reducer makes a new one. */
export interface MonitorState {
  readonly input: MonitorInput;
  /** Of the last sweep. */
  readonly token: string;
  /** Whether AWS was read completely, by this run or one before. */
  readonly ready: boolean;
  /** Machines of ours that are alive, by id. */
  readonly known: ReadonlyMap<string, KnownMachine>;
  /** A list from the start that is still coming in; it then replaces `known`. */
  readonly coming: ReadonlyMap<string, KnownMachine> | undefined;
  /**
   * Whether this namespace is known to be the one of these machines: none was alive at first, or some had an owner.
   * Until then nobody takes them over.
   */
  readonly bound: boolean;
  /** Requests whose machines have no owner. */
  readonly ownerless: readonly string[];
  /** Of these, those that have a group which may still launch or has to be removed. */
  readonly withGroups: readonly string[];
  /** Of these, those whose machines were given to an adopter. */
  readonly adopted: readonly string[];
  /** Requests that an operator wants adopted, whatever the rules say. */
  readonly byHand: readonly string[];
  /** The worker's settings of the rules by which machines are given back that nobody claims. */
  readonly rules: UnclaimedRules | undefined;
  /** Our machines that Host Factory's list lacks, though they are old enough to stand in it. */
  readonly absences: ReadonlyMap<string, Absence>;
  /** The last list that was counted. */
  readonly list: SeenList | undefined;
  /** The Symphony cluster that the deployment belongs to: the first one that asked; '' before. */
  readonly cluster: string;
  /** Another cluster that asked, and when last, epoch ms: nothing is swept until it has been silent for long. */
  readonly stranger: { readonly cluster: string; readonly at: number } | undefined;
  readonly losses: ReadonlyMap<string, Loss>;
  readonly doubts: ReadonlyMap<string, Doubt>;
  /** Why what the cloud announces is not heard; '' when it is, or is not to be. */
  readonly unheard: string;
  /** Names that Host Factory has for machines that it was told other names of. */
  readonly misnamed: ReadonlyMap<string, string>;
}

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

export const initialMonitor = (input: MonitorInput): MonitorState => ({
  input,
  token: '',
  coming: undefined,
  ownerless: [],
  withGroups: [],
  adopted: [],
  byHand: [],
  rules: undefined,
  ...carriedState(input.carried),
});

/** The name that a machine was reported under, if the monitor knows it; else ''. */
export const nameOf = ({ known, losses }: MonitorState, machineId: string): string =>
  known.get(machineId)?.name ?? losses.get(machineId)?.name ?? '';

export const toAsk = (state: MonitorState, now: number): Loss[] =>
  lossesWhere(state, (loss) => loss.stage === 'unasked' && loss.askAt <= now);

/** Their owners' books are still open for them. */
export const toTell = (state: MonitorState): Loss[] =>
  lossesWhere(state, (loss) => loss.stage === 'reported' && !loss.told && loss.state === 'terminated');

export const toLookUp = (state: MonitorState, now: number): Doubt[] =>
  [...state.doubts.values()].filter((doubt) => doubt.lookAt <= now);

/** Absent machines whose owner is to say whether Host Factory ever read them. */
export const toAskOfAbsent = (state: MonitorState, now: number): Absence[] =>
  [...state.absences.values()].filter(({ standing, askAt }) => standing === 'unasked' && askAt <= now);

/** Epoch ms of the next thing to be done; undefined when there is none. */
export function nextStep(state: MonitorState): number | undefined {
  const atOnce = toTell(state).length + toAdopt(state).length + toReclaim(state).length > 0;
  let next = atOnce ? 0 : Number.POSITIVE_INFINITY;
  for (const { standing, askAt } of state.absences.values())
    if (standing === 'unasked') next = Math.min(next, askAt);
  for (const { stage, askAt } of state.losses.values()) if (stage === 'unasked') next = Math.min(next, askAt);
  for (const { lookAt } of state.doubts.values()) next = Math.min(next, lookAt);
  return next === Number.POSITIVE_INFINITY ? undefined : next;
}

const lossesWhere = (state: MonitorState, test: (loss: Loss) => boolean): Loss[] =>
  [...state.losses.values()].filter(test);
