import { condition, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import { isAlive } from '../../domain/machine/machine.ts';
import { reduce, type RequestFact } from '../../domain/request/reducer.ts';
import {
  liveMachines,
  toCarriedRequestState,
  deadlineOf,
  initialRequestState,
  hasOverdueLaunch,
  machinesPendingRelease,
  type RequestState,
} from '../../domain/request/state.ts';
import { requestStatus, ownershipStatusOf } from '../../domain/request/status.ts';
import { EventPublisher } from '../runtime/eventPublisher.ts';
import { TaskGroup } from '../runtime/taskGroup.ts';
import type { Launch } from '../../domain/request/launch.ts';
import type { machineRequest } from './index.ts';
import { nextRunVisibility, fitsInMemo, updateDetails, setHfState } from '../runtime/visibility.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';
import type { MachinesObserved } from '../../contract/machineRequest.ts';

/** History events after which a run ends. The server suggests it at 4,096 and terminates a run at 51,200. */
const MAX_HISTORY_EVENTS = 5_000;
/** After a reset has discovered machines, ordinals go on from the next multiple: those below may be in use. */
const ORDINALS_PER_RUN = 1_000;
/** A machine that is ready or terminated is reported after this time at the latest, though others take longer. */
export const FIRST_REPORT_SECONDS = 20;

/**
 * Whether a run may end. `busy`: this run has work that the next run would not continue. `idle`: no work, and machines
 * to own. `compactable`: the next run starts from a short input instead of a long history. `finished`: nothing
 * left to own or to answer.
 */
export type RunState = 'busy' | 'idle' | 'compactable' | 'finished';

/** The state of a request, and when its run may end. */
export class RequestOwner {
  #state: RequestState;
  #lastOrdinal = 0;
  readonly #eventPublisher: EventPublisher;
  /** Tasks that a next run would not start again: the run does not end before them. */
  readonly tasks = new TaskGroup();
  /** Releases of machines. A next run starts them again. */
  readonly releases = new TaskGroup();
  /** Tasks that either end before the request settles or are started again by a next run: nothing waits for them. */
  readonly background = new TaskGroup();

  constructor(input: MachineRequestInput) {
    this.#state = initialRequestState(input);
    this.#eventPublisher = new EventPublisher(this.#state);
    updateDetails(this.#state);
  }

  get state(): RequestState {
    return this.#state;
  }

  /** Whether it owns machines whose first owner is closed or lost. */
  get isAdopter(): boolean {
    return this.#state.input.template === undefined;
  }

  status(offset: number): StatusView {
    return requestStatus(this.#state, offset);
  }

  ownershipStatus(machineIds: readonly string[]): OwnershipStatus[] {
    return machineIds.map((id) => ownershipStatusOf(this.#state, id));
  }

  acceptReturn(request: ReturnMachines): void {
    this.apply({ type: 'ReturnRequested', request });
  }

  /** An adopter also adopts the machines that it does not own yet, if they are alive. */
  observe({ observations, unacknowledged = [] }: MachinesObserved): void {
    const own = observations.filter(({ machineId }) => this.#state.machines.has(machineId));
    const others = observations.filter(
      (observation) => !own.includes(observation) && isAlive(observation.state),
    );
    this.apply({ type: 'MachinesObserved', observations: own });
    if (this.isAdopter) this.apply({ type: 'MachinesAdopted', observations: others, unacknowledged });
  }

  acknowledge(machineIds: readonly string[]): void {
    this.apply({ type: 'Acknowledged', machineIds });
  }

  releaseUnacknowledged(machineIds: readonly string[]): void {
    this.apply({ type: 'UnacknowledgedReleased', machineIds });
  }

  cancel(): void {
    this.apply({ type: 'CancelRequested' });
  }

  get lastOrdinal(): number {
    return this.#lastOrdinal;
  }

  decideLaunch(launch: Launch): void {
    this.#lastOrdinal = launch.ordinal;
    this.apply({ type: 'LaunchDecided', launch });
  }

  /** Leaves out every ordinal that a run before a reset may have used. */
  skipOrdinals(): void {
    this.#lastOrdinal = Math.ceil((this.#lastOrdinal + 1) / ORDINALS_PER_RUN) * ORDINALS_PER_RUN;
  }

  apply(fact: RequestFact): void {
    const before = this.#state;
    this.#state = reduce(before, fact);
    this.#eventPublisher.record(before, this.#state);
    updateDetails(this.#state);
  }

  isPastDeadline(): boolean {
    return Date.now() >= deadlineOf(this.#state.input);
  }

  msUntilDeadline(): number {
    return Math.max(1, deadlineOf(this.#state.input) - Date.now());
  }

  runState(): RunState {
    const isSettled = this.#state.phase === 'settled' && !hasOverdueLaunch(this.#state);
    if (!isSettled || !this.tasks.isEmpty) return 'busy';
    // A long history ends the run also while machines are being released: the next run starts that again.
    if (!this.releases.isEmpty) return hasLongHistory() ? 'compactable' : 'busy';
    if (this.#eventPublisher.isPublished && this.#ownsNothing()) return 'finished';
    return hasLongHistory() || this.#shouldCompact() ? 'compactable' : 'idle';
  }

  /** No machine, no group and no return is left. A new adopter owns nothing until the first signal. */
  #ownsNothing(): boolean {
    const { input, machines, launches, groupsToDelete, openReturns } = this.#state;
    const awaitsAdoption = this.isAdopter && machines.size + launches.length === 0 && !input.carriedState;
    return (
      liveMachines(this.#state).length === 0 &&
      groupsToDelete.length === 0 &&
      openReturns.size === 0 &&
      !awaitsAdoption
    );
  }

  /**
   * The first run also ends once Host Factory has acknowledged its machines, so that an owner does not keep for months
   * how they were launched. It does not end as soon as it settles, because hundreds of requests may settle at once;
   * only a request whose machines do not fit in the memo does, for then only the next run's input shows them without a
   * worker.
   */
  #shouldCompact(): boolean {
    const { input, unacknowledged, cancelled } = this.#state;
    const isAcknowledged = unacknowledged.size === 0 || !fitsInMemo(this.#state);
    const isFirstRun = !input.carriedState && !cancelled;
    const isQuiet = this.#eventPublisher.isPublished && machinesPendingRelease(this.#state).length === 0;
    return isAcknowledged && isFirstRun && isQuiet;
  }

  async continueAsNew(): Promise<never> {
    // During the flush a signal may start a task that the next run would not know of.
    do {
      await condition(() => this.tasks.isEmpty);
      await this.#eventPublisher.flush();
    } while (!this.tasks.isEmpty);
    const next = makeContinueAsNewFunc<typeof machineRequest>(nextRunVisibility(this.#state));
    return next({
      ...this.#state.input,
      carriedState: {
        ...toCarriedRequestState(this.#state),
        events: this.#eventPublisher.toCarriedEventState(),
      },
    });
  }

  close(): StatusView {
    setHfState(this.#state.cancelled ? 'cancelled' : 'returned');
    return requestStatus(this.#state, 0, this.#state.machines.size);
  }
}

/** Not every server suggests to continue as new. */
function hasLongHistory(): boolean {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}
