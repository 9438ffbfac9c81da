import { CancellationScope, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import { isAlive } from '../../domain/machine/machine.ts';
import { reduce, type RequestFact } from '../../domain/request/reducer.ts';
import {
  alive,
  carry,
  deadlineOf,
  initialState,
  isOverdue,
  type RequestState,
} from '../../domain/request/state.ts';
import { requestStatus, standingOf } from '../../domain/request/status.ts';
import type { MachinesSeen } from '../../contract/messages.ts';
import { EventStream } from '../runtime/eventPublisher.ts';
import type { machineRequest } from './index.ts';
import { carriedVisibility, fitsMemo, showState, tellState } from '../runtime/visibility.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import type { MachineStanding } from '../../domain/request/ownershipStatus.ts';

/** Events; the server's own suggestion comes at 4,096 and its limit is 51,200. */
const LONG_HISTORY = 5_000;
/** A quick machine is reported at the latest this long after it is up or gone, though slow ones still take time. */
export const FIRST_REPORT_SECONDS = 20;

/** What an owner knows of its request, and when its run may end. */
export class Ledger {
  #state: RequestState;
  readonly #events: EventStream;
  /** Things under way that a next run would not begin again: the owner neither ends nor continues as new. */
  #busy = 0;
  /** Releases under way. A next run begins them again. */
  #releasing = 0;

  constructor(input: MachineRequestInput) {
    this.#state = initialState(input);
    this.#events = new EventStream(this.#state);
    showState(this.#state);
  }

  get state(): RequestState {
    return this.#state;
  }

  /** Owns machines whose own owner is closed or lost. */
  get isAdopter(): boolean {
    return this.#state.input.template === undefined;
  }

  status(offset: number): StatusView {
    return requestStatus(this.#state, offset);
  }

  standing(machineIds: readonly string[]): MachineStanding[] {
    return machineIds.map((id) => standingOf(this.#state, id));
  }

  takeBack(request: ReturnMachines): void {
    this.apply({ type: 'ReturnRequested', request });
  }

  /** Machines that it has never had are not its own for being seen, but those that an adopter is told of. */
  see({ sightings, unclaimed = [] }: MachinesSeen): void {
    const own = sightings.filter(({ machineId }) => this.#state.machines.has(machineId));
    const others = sightings.filter((seen) => !own.includes(seen) && isAlive(seen.state));
    this.apply({ type: 'MachinesSeen', sightings: own });
    if (this.isAdopter) this.apply({ type: 'MachinesAdopted', sightings: others, unclaimed });
  }

  claim(machineIds: readonly string[]): void {
    this.apply({ type: 'Claimed', machineIds });
  }

  reclaim(machineIds: readonly string[]): void {
    this.apply({ type: 'Reclaimed', machineIds });
  }

  cancel(): void {
    this.apply({ type: 'CancelRequested' });
  }

  /** Nothing is left to own and nobody waits for an answer. An adopter first has to hear what it adopts. */
  isOver(): boolean {
    const { input, machines, launches, groups, returns } = this.#state;
    const adopts = this.isAdopter && machines.size + launches.length === 0 && !input.carried;
    const isEmpty = alive(this.#state).length === 0 && groups.length === 0;
    return this.isIdle() && this.#events.isTold && isEmpty && returns.size === 0 && !adopts;
  }

  async continueAsNew(): Promise<never> {
    await this.#events.end();
    const next = makeContinueAsNewFunc<typeof machineRequest>(carriedVisibility(this.#state));
    return next({ ...this.#state.input, carried: { ...carry(this.#state), events: this.#events.carry() } });
  }

  close(): StatusView {
    tellState(this.#state.cancelled ? 'cancelled' : 'returned');
    return requestStatus(this.#state, 0, this.#state.machines.size);
  }

  apply(fact: RequestFact): void {
    const before = this.#state;
    this.#state = reduce(before, fact);
    this.#events.note(before, this.#state);
    showState(this.#state);
  }

  isPastDeadline(): boolean {
    return Date.now() >= deadlineOf(this.#state.input);
  }

  untilDeadline(): number {
    return Math.max(1, deadlineOf(this.#state.input) - Date.now());
  }

  get isReleasing(): boolean {
    return this.#releasing > 0;
  }

  releaseBegins(): void {
    this.#releasing += 1;
  }

  releaseEnds(): void {
    this.#releasing -= 1;
  }

  /** For work that a signal begins: a cancel of the workflow must not end it. */
  beginBusy(work: () => Promise<void>): void {
    void CancellationScope.nonCancellable(() => this.whileBusy(work));
  }

  async whileBusy(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await work();
    } finally {
      this.#busy -= 1;
    }
  }

  /** Settled and certain of every launch: the only moments at which a run may end. */
  #mayStop(): boolean {
    return this.#state.phase === 'settled' && this.#busy === 0 && !isOverdue(this.#state);
  }

  isIdle(): boolean {
    return this.#mayStop() && !this.isReleasing;
  }

  /** When the history is long, nothing more is begun in this run. Not every server suggests it. */
  mustRenew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return this.#mayStop() && (continueAsNewSuggested || historyLength > LONG_HISTORY);
  }

  /**
   * A run also ends once when Host Factory has read all that it brought, so that no owner carries for months how its
   * machines were launched. Not as soon as it settles, for hundreds of requests may do that at once, unless only the
   * next run's input tells its machines without a worker. One that is cancelled ends anyway.
   */
  canStop(): boolean {
    const { input, unclaimed, cancelled } = this.#state;
    const isRead = unclaimed.size === 0 || !fitsMemo(this.#state);
    const mustSwitch = isRead && !input.carried && !cancelled;
    const maySwitch = mustSwitch && this.isIdle() && this.#events.isTold;
    return this.isOver() || this.mustRenew() || maySwitch;
  }
}
