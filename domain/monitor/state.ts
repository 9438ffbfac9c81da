import type { MachineState } from '../machine/machine.ts';
import { carriedState } from './carried.ts';
import type { MonitorInput } from './messages.ts';

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
  /** Of these, those whose machines were given to an adopter. */
  readonly adopted: readonly string[];
  readonly losses: ReadonlyMap<string, Loss>;
  readonly doubts: ReadonlyMap<string, Doubt>;
  /** Names that Host Factory has for machines that it was told other names of. */
  readonly misnamed: ReadonlyMap<string, string>;
}

export interface KnownMachine {
  readonly name: string;
  readonly requestId: string;
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
  adopted: [],
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

/** Machines to be adopted, by request. */
export function toAdopt(
  state: MonitorState,
): (readonly [requestId: string, machineIds: readonly string[]])[] {
  if (!state.bound || !state.ready) return [];
  const waiting = new Map<string, string[]>(
    state.ownerless.filter((id) => !state.adopted.includes(id)).map((id) => [id, []]),
  );
  for (const [machineId, { requestId }] of state.known) waiting.get(requestId)?.push(machineId);
  return [...waiting].filter(([, machineIds]) => machineIds.length > 0);
}

/** Epoch ms of the next thing to be done; undefined when there is none. */
export function nextStep(state: MonitorState): number | undefined {
  let next = toTell(state).length + toAdopt(state).length > 0 ? 0 : Number.POSITIVE_INFINITY;
  for (const { stage, askAt } of state.losses.values()) if (stage === 'unasked') next = Math.min(next, askAt);
  for (const { lookAt } of state.doubts.values()) next = Math.min(next, lookAt);
  return next === Number.POSITIVE_INFINITY ? undefined : next;
}

const lossesWhere = (state: MonitorState, test: (loss: Loss) => boolean): Loss[] =>
  [...state.losses.values()].filter(test);
