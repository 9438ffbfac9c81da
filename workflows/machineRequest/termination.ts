import { condition, getExternalWorkflowHandle, log, sleep, workflowInfo } from '@temporalio/workflow';
import { isAlive } from '../../domain/machine/machine.ts';
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
import type { ReturnOutcome } from '../../domain/request/returns.ts';
import { returnOutcomeSignal } from '../../contract/machineReturn.ts';

const MINUTE = 60_000;
/** Returns that arrive within this time go to AWS in one call. */
const MERGE_RETURNS_MS = 1_000;
/** What AWS refused to terminate or delete is tried again after this time. */
const REFUSED_RETRY_MS = 5 * MINUTE;
/** A run with a long history waits this long for releases in progress; the next run repeats unfinished ones. */
const CONTINUE_AS_NEW_GRACE_MS = 10 * MINUTE;

/** Releases the machines that are pending release, and answers the returns that asked for it. */
export class Termination {
  readonly #owner: RequestOwner;

  constructor(owner: RequestOwner) {
    this.#owner = owner;
  }

  /** Releases machines, deletes groups and answers returns until the run may end. */
  async run(): Promise<void> {
    this.#retryRefusedLater(this.#refusedIds());
    for (;;) {
      await condition(
        () =>
          this.#returnOutcomes().length > 0 ||
          this.#canRelease() ||
          this.#canDeleteGroups() ||
          this.#canEndRun(),
      );
      const outcomes = this.#returnOutcomes();
      if (outcomes.length > 0)
        await Promise.all(outcomes.map(([returnId, outcome]) => this.#sendOutcome(returnId, outcome)));
      else if (this.#canDeleteGroups()) this.#owner.tasks.start('delete groups', () => this.#deleteGroups());
      else if (this.#canRelease()) await this.#startRelease();
      else {
        // One machine that stays in shutting-down must not delay the returns of others for long.
        if (!this.#owner.releases.isEmpty)
          await condition(() => this.#owner.releases.isEmpty, CONTINUE_AS_NEW_GRACE_MS);
        // Meanwhile a signal may have started a task.
        if (this.#owner.tasks.isEmpty) return;
      }
    }
  }

  /** Releases adopted machines that HF cannot know, once they are old enough to be sure that no status shows them. */
  releaseUnreported(machineIds: readonly string[], releaseAt: number): void {
    if (!this.#owner.isAdopter) return;
    this.#owner.tasks.start('release unreported machines', async () => {
      const delayMs = releaseAt - Date.now();
      if (delayMs > 0)
        await sleep(delayMs, { summary: `release ${machineIds.length} machines that HF cannot know` });
      this.#owner.releaseUnacknowledged(machineIds);
    });
  }

  async #startRelease(): Promise<void> {
    if (machinesPendingRelease(this.#owner.state).length < liveMachines(this.#owner.state).length)
      await sleep(MERGE_RETURNS_MS, { summary: 'merge returns' });
    const machineIds = machinesPendingRelease(this.#owner.state).map((machine) => machine.machineId);
    this.#owner.apply({ type: 'TerminationStarted', machineIds });
    this.#owner.releases.start('release machines', async () => {
      await Promise.all(batchesOf(machineIds).map((batch) => this.#releaseBatch(batch)));
      const released = new Set(machineIds);
      this.#retryRefusedLater(this.#refusedIds().filter((id) => released.has(id)));
    });
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

  /** Reports terminated machines although others take longer: a return may wait for just these. */
  async #awaitTerminated(machineIds: readonly string[]): Promise<void> {
    let remaining = machineIds;
    for (let reportSeconds = FIRST_REPORT_SECONDS; remaining.length > 0; reportSeconds *= 2) {
      const stub = waitStub(`wait until ${remaining.length} machines are terminated`);
      const observations = await stub.awaitTerminated({ machineIds: remaining, reportSeconds });
      this.#owner.apply({ type: 'MachinesObserved', observations });
      const observedIds = new Set(observations.map(({ machineId }) => machineId));
      remaining = remaining.filter((id) => !observedIds.has(id));
      const upIds = observations.filter(({ state }) => isAlive(state)).map(({ machineId }) => machineId);
      if (upIds.length > 0) this.#owner.apply({ type: 'TerminationRetried', machineIds: upIds });
    }
  }

  async #deleteGroups(): Promise<void> {
    const { groupsToDelete: groups } = this.#owner.state;
    try {
      await terminateStub(`delete ${groups.length} empty groups`).deleteGroups({ groups });
      this.#owner.apply({ type: 'GroupsDeleted' });
    } catch (error) {
      log.warn('groups could not be deleted; the workflow tries again in 5 minutes', { groups, error });
      await sleep(REFUSED_RETRY_MS, { summary: 'delete groups again' });
    }
  }

  #retryRefusedLater(machineIds: readonly string[]): void {
    if (machineIds.length === 0) return;
    this.#owner.background.start('retry refused machines', async () => {
      await sleep(REFUSED_RETRY_MS, { summary: `release ${machineIds.length} machines again` });
      const stillRefused = new Set(this.#refusedIds());
      this.#owner.apply({
        type: 'TerminationRetried',
        machineIds: machineIds.filter((id) => stillRefused.has(id)),
      });
    });
  }

  #refusedIds(): string[] {
    return machinesWhere(this.#owner.state, ({ release }) => release === 'refused').map(
      ({ machineId }) => machineId,
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
      // A return that is closed or unknown needs no outcome.
      log.info('the outcome could not be signalled: the return is closed or unknown', { returnId, error });
    }
    this.#owner.apply({ type: 'ReturnAnswered', returnId });
  }

  #canEndRun(): boolean {
    const runState = this.#owner.runState();
    return runState === 'compactable' || runState === 'finished';
  }

  #canRelease(): boolean {
    return (
      machinesPendingRelease(this.#owner.state).length > 0 &&
      !hasFillingGroup(this.#owner.state) &&
      this.#owner.runState() !== 'compactable'
    );
  }

  #canDeleteGroups(): boolean {
    return (
      this.#owner.state.groupsToDelete.length > 0 &&
      liveMachines(this.#owner.state).length === 0 &&
      this.#owner.releases.isEmpty &&
      this.#owner.runState() !== 'busy'
    );
  }
}
