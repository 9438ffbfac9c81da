import { condition, getExternalWorkflowHandle, log, sleep, workflowInfo } from '@temporalio/workflow';
import { batchesOf } from '../../domain/request/launch.ts';
import {
  liveMachines,
  hasFillingGroup,
  machinesWhere,
  machinesPendingRelease,
} from '../../domain/request/state.ts';
import { returnOutcomeOf } from '../../domain/request/status.ts';
import { shortageFromFailure } from '../runtime/activityFailure.ts';
import { terminateStub, waitStub } from '../runtime/activityStubs.ts';
import { FIRST_REPORT_SECONDS, type RequestOwner } from './requestOwner.ts';
import { returnOutcomeSignal } from '../runtime/definitions.ts';
import type { ReturnOutcome } from '../../domain/request/returns.ts';

const MINUTE = 60_000;
/** Returns that arrive within this time go to AWS together. */
const MERGE_RETURNS_MS = 1_000;
/** A machine that AWS would not terminate is tried again after this time. */
const REFUSED_RETRY_MS = 5 * MINUTE;
/** Releases under way may end in this run for so long; then the next run begins them again. */
const CONTINUE_AS_NEW_GRACE_MS = 10 * MINUTE;

/** Gives machines back that nobody wants any more, and answers the returns that asked for it. */
export class Termination {
  readonly #owner: RequestOwner;

  constructor(owner: RequestOwner) {
    this.#owner = owner;
  }

  /** Terminates what nobody wants any more and answers returns, until the owner is over or too long-lived. */
  async run(): Promise<void> {
    const refused = this.#idsInStage('refused');
    if (refused.length > 0) void this.#retryRefused(refused);
    for (;;) {
      await condition(
        () =>
          this.#returnOutcomes().length > 0 ||
          this.#canRelease() ||
          this.#canDeleteGroups() ||
          this.#owner.canEndRun(),
      );
      const outcomes = this.#returnOutcomes();
      if (outcomes.length > 0) {
        await Promise.all(outcomes.map(([returnId, outcome]) => this.#sendOutcome(returnId, outcome)));
        continue;
      }
      if (this.#canDeleteGroups()) {
        void this.#owner.trackTask(() => this.#deleteGroups());
        continue;
      }
      if (!this.#canRelease()) {
        // One machine that hangs in shutting down must not hold up the returns of others for long.
        if (this.#owner.isReleasing)
          await condition(() => !this.#owner.isReleasing, CONTINUE_AS_NEW_GRACE_MS);
        return;
      }
      if (machinesPendingRelease(this.#owner.state).length < liveMachines(this.#owner.state).length)
        await sleep(MERGE_RETURNS_MS, { summary: 'merge returns' });
      const machineIds = machinesPendingRelease(this.#owner.state).map((machine) => machine.machineId);
      this.#owner.apply({ type: 'TerminationStarted', machineIds });
      void this.#release(machineIds);
    }
  }

  /** Machines that an adopter takes over and that nobody can hold, once they are old enough to be sure of it. */
  releaseUnreported(machineIds: readonly string[], releaseAt: number): void {
    if (!this.#owner.isAdopter) return;
    this.#owner.startTask(async () => {
      const delayMs = releaseAt - Date.now();
      if (delayMs > 0)
        await sleep(delayMs, { summary: `give back ${machineIds.length} machines nobody can hold` });
      this.#owner.releaseUnacknowledged(machineIds);
    });
  }

  async #release(machineIds: readonly string[]): Promise<void> {
    this.#owner.releaseStarted();
    await Promise.all(batchesOf(machineIds).map((batch) => this.#releaseBatch(batch)));
    this.#owner.releaseEnded();
    const refused = this.#idsInStage('refused').filter((id) => machineIds.includes(id));
    if (refused.length > 0) void this.#retryRefused(refused);
  }

  async #releaseBatch(machineIds: readonly string[]): Promise<void> {
    try {
      const stub = terminateStub(`terminate ${machineIds.length} machines`);
      const { groupsToDelete: groups } = this.#owner.state;
      const { refused } = await stub.terminateMachines({
        machineIds,
        ...(groups.length > 0 ? { groups } : {}),
      });
      if (refused.length > 0) this.#owner.apply({ type: 'TerminationRefused', refused });
      const refusedIds = new Set(refused.map(({ machineId }) => machineId));
      await this.#awaitTerminated(machineIds.filter((id) => !refusedIds.has(id)));
    } catch (error) {
      const { message } = shortageFromFailure(error);
      this.#owner.apply({
        type: 'TerminationRefused',
        refused: machineIds.map((machineId) => ({ machineId, message })),
      });
    }
  }

  /** Those that are gone are told though others take long: a return may ask for just these. */
  async #awaitTerminated(machineIds: readonly string[]): Promise<void> {
    let remaining = machineIds;
    for (let reportSeconds = FIRST_REPORT_SECONDS; remaining.length > 0; reportSeconds *= 2) {
      const stub = waitStub(`wait until ${remaining.length} machines are gone`);
      const observations = await stub.awaitTerminated({ machineIds: remaining, reportSeconds });
      this.#owner.apply({ type: 'MachinesObserved', observations });
      const terminatedIds = new Set(observations.map(({ machineId }) => machineId));
      remaining = remaining.filter((id) => !terminatedIds.has(id));
    }
  }

  async #deleteGroups(): Promise<void> {
    const { groupsToDelete: groups } = this.#owner.state;
    try {
      await terminateStub(`delete ${groups.length} empty groups`).deleteGroups({ groups });
      this.#owner.apply({ type: 'GroupsDeleted' });
    } catch (error) {
      log.warn('a group could not be deleted; trying again', { groups, error });
      await sleep(REFUSED_RETRY_MS, { summary: 'try again to delete groups' });
    }
  }

  async #retryRefused(machineIds: readonly string[]): Promise<void> {
    await sleep(REFUSED_RETRY_MS, { summary: `try again to release ${machineIds.length} machines` });
    const stillRefused = new Set(this.#idsInStage('refused'));
    this.#owner.apply({
      type: 'TerminationRetried',
      machineIds: machineIds.filter((id) => stillRefused.has(id)),
    });
  }

  #idsInStage(release: 'refused'): string[] {
    return machinesWhere(this.#owner.state, (machine) => machine.release === release).map(
      (machine) => machine.machineId,
    );
  }

  #returnOutcomes(): (readonly [string, ReturnOutcome])[] {
    const ownerId = workflowInfo().workflowId;
    return [...this.#owner.state.openReturns].flatMap(([returnId, machineIds]) => {
      const outcome = returnOutcomeOf(this.#owner.state, ownerId, machineIds);
      return outcome ? [[returnId, outcome] as const] : [];
    });
  }

  async #sendOutcome(returnId: string, outcome: ReturnOutcome): Promise<void> {
    try {
      const returnHandle = getExternalWorkflowHandle(returnId);
      await Promise.all(
        batchesOf(outcome.machines).map((machines) =>
          returnHandle.signal(returnOutcomeSignal, { ...outcome, machines }),
        ),
      );
    } catch (error) {
      // The return is closed already; it no longer wants to know.
      log.info('a return could not be answered', { returnId, error });
    }
    this.#owner.apply({ type: 'ReturnAnswered', returnId });
  }

  #canRelease(): boolean {
    return (
      machinesPendingRelease(this.#owner.state).length > 0 &&
      !hasFillingGroup(this.#owner.state) &&
      !this.#owner.shouldContinueAsNew()
    );
  }

  #canDeleteGroups(): boolean {
    return (
      this.#owner.isIdle() &&
      this.#owner.state.groupsToDelete.length > 0 &&
      liveMachines(this.#owner.state).length === 0
    );
  }
}
