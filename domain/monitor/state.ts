import type { MonitorInput } from './messages.ts';
import type { KnownMachine, Absence, SeenList, Loss, Doubt, UnclaimedRules } from './records.ts';

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

const lossesWhere = (state: MonitorState, test: (loss: Loss) => boolean): Loss[] =>
  [...state.losses.values()].filter(test);
