import { CancellationScope, makeContinueAsNewFunc, workflowInfo } from '@temporalio/workflow';
import { isAlive } from '../../domain/machine/machine.ts';
import { reduce, type RequestFact } from '../../domain/request/reducer.ts';
import {
  liveMachines,
  toCarriedRequestState,
  deadlineOf,
  initialRequestState,
  hasOverdueLaunch,
  type RequestState,
} from '../../domain/request/state.ts';
import { requestStatus, ownershipStatusOf } from '../../domain/request/status.ts';
import type { MachinesObserved } from '../../contract/messages.ts';
import { EventPublisher } from '../runtime/eventPublisher.ts';
import type { machineRequest } from './index.ts';
import { nextRunVisibility, fitsInMemo, updateDetails, setHfState } from '../runtime/visibility.ts';
import type { StatusView } from '../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import type { ReturnMachines } from '../../domain/request/returns.ts';
import type { OwnershipStatus } from '../../domain/request/ownershipStatus.ts';

/** Events; the server's own suggestion comes at 4,096 and its limit is 51,200. */
const MAX_HISTORY_EVENTS = 5_000;
/** A quick machine is reported at the latest this long after it is up or gone, though slow ones still take time. */
export const FIRST_REPORT_SECONDS = 20;

/** What an owner knows of its request, and when its run may end. */
export class RequestOwner {
  #state: RequestState;
  readonly #eventPublisher: EventPublisher;
  /** Things under way that a next run would not begin again: the owner neither ends nor continues as new. */
  #runningTasks = 0;
  /** Releases under way. A next run begins them again. */
  #releasesInProgress = 0;

  constructor(input: MachineRequestInput) {
    this.#state = initialRequestState(input);
    this.#eventPublisher = new EventPublisher(this.#state);
    updateDetails(this.#state);
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

  ownershipStatus(machineIds: readonly string[]): OwnershipStatus[] {
    return machineIds.map((id) => ownershipStatusOf(this.#state, id));
  }

  acceptReturn(request: ReturnMachines): void {
    this.apply({ type: 'ReturnRequested', request });
  }

  /** Machines that it has never had are not its own for being seen, but those that an adopter is told of. */
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

  /** Nothing is left to own and nobody waits for an answer. An adopter first has to hear what it adopts. */
  isFinished(): boolean {
    const { input, machines, launches, groupsToDelete, openReturns } = this.#state;
    const awaitsAdoption = this.isAdopter && machines.size + launches.length === 0 && !input.carriedState;
    const ownsNothing = liveMachines(this.#state).length === 0 && groupsToDelete.length === 0;
    return (
      this.isIdle() &&
      this.#eventPublisher.isPublished &&
      ownsNothing &&
      openReturns.size === 0 &&
      !awaitsAdoption
    );
  }

  async continueAsNew(): Promise<never> {
    await this.#eventPublisher.flush();
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

  get isReleasing(): boolean {
    return this.#releasesInProgress > 0;
  }

  releaseStarted(): void {
    this.#releasesInProgress += 1;
  }

  releaseEnded(): void {
    this.#releasesInProgress -= 1;
  }

  /** For work that a signal begins: a cancel of the workflow must not end it. */
  startTask(task: () => Promise<void>): void {
    void CancellationScope.nonCancellable(() => this.trackTask(task));
  }

  async trackTask(task: () => Promise<void>): Promise<void> {
    this.#runningTasks += 1;
    try {
      await task();
    } finally {
      this.#runningTasks -= 1;
    }
  }

  /** Settled and certain of every launch: the only moments at which a run may end. */
  #isSafePoint(): boolean {
    return this.#state.phase === 'settled' && this.#runningTasks === 0 && !hasOverdueLaunch(this.#state);
  }

  isIdle(): boolean {
    return this.#isSafePoint() && !this.isReleasing;
  }

  /** When the history is long, nothing more is begun in this run. Not every server suggests it. */
  shouldContinueAsNew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return this.#isSafePoint() && (continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS);
  }

  /**
   * A run also ends once when Host Factory has read all that it brought, so that no owner carries for months how its
   * machines were launched. Not as soon as it settles, for hundreds of requests may do that at once, unless only the
   * next run's input tells its machines without a worker. One that is cancelled ends anyway.
   */
  canEndRun(): boolean {
    const { input, unacknowledged, cancelled } = this.#state;
    const isAcknowledged = unacknowledged.size === 0 || !fitsInMemo(this.#state);
    const shouldCompact = isAcknowledged && !input.carriedState && !cancelled;
    const canCompact = shouldCompact && this.isIdle() && this.#eventPublisher.isPublished;
    return this.isFinished() || this.shouldContinueAsNew() || canCompact;
  }
}
