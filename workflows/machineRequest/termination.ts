import { condition, getExternalWorkflowHandle, log, sleep, workflowInfo } from '@temporalio/workflow';
import { batchesOf } from '../../domain/request/launch.ts';
import { alive, isFilling, machinesWhere, wantedGone } from '../../domain/request/state.ts';
import { answerTo } from '../../domain/request/status.ts';
import { rejection } from '../runtime/activityFailure.ts';
import { terminateLane, waitLane } from '../runtime/activityStubs.ts';
import { FIRST_REPORT_SECONDS, type Ledger } from './requestOwner.ts';
import { machinesReleasedSignal } from '../runtime/definitions.ts';
import type { MachinesReleased } from '../../domain/request/returns.ts';

const MINUTE = 60_000;
/** Returns that arrive within this time go to AWS together. */
const MERGE_MS = 1_000;
/** A machine that AWS would not terminate is tried again after this time. */
const REFUSED_RETRY_MS = 5 * MINUTE;
/** Releases under way may end in this run for so long; then the next run begins them again. */
const RENEW_PATIENCE_MS = 10 * MINUTE;

/** Gives machines back that nobody wants any more, and answers the returns that asked for it. */
export class Releasing {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Terminates what nobody wants any more and answers returns, until the owner is over or too long-lived. */
  async giveBack(): Promise<void> {
    const refused = this.#idsWhere('refused');
    if (refused.length > 0) void this.#retryLater(refused);
    for (;;) {
      await condition(
        () =>
          this.#answers().length > 0 ||
          this.#canRelease() ||
          this.#canRemoveGroups() ||
          this.#ledger.canStop(),
      );
      const answers = this.#answers();
      if (answers.length > 0) {
        await Promise.all(answers.map(([returnId, answer]) => this.#answer(returnId, answer)));
        continue;
      }
      if (this.#canRemoveGroups()) {
        void this.#ledger.whileBusy(() => this.#removeGroups());
        continue;
      }
      if (!this.#canRelease()) {
        // One machine that hangs in shutting down must not hold up the returns of others for long.
        if (this.#ledger.isReleasing) await condition(() => !this.#ledger.isReleasing, RENEW_PATIENCE_MS);
        return;
      }
      if (wantedGone(this.#ledger.state).length < alive(this.#ledger.state).length)
        await sleep(MERGE_MS, { summary: 'merge returns' });
      const machineIds = wantedGone(this.#ledger.state).map((machine) => machine.machineId);
      this.#ledger.apply({ type: 'ReleaseStarted', machineIds });
      void this.#release(machineIds);
    }
  }

  /** Machines that an adopter takes over and that nobody can hold, once they are old enough to be sure of it. */
  giveBackUnreported(machineIds: readonly string[], at: number): void {
    if (!this.#ledger.isAdopter) return;
    this.#ledger.beginBusy(async () => {
      const wait = at - Date.now();
      if (wait > 0) await sleep(wait, { summary: `give back ${machineIds.length} machines nobody can hold` });
      this.#ledger.reclaim(machineIds);
    });
  }

  async #release(machineIds: readonly string[]): Promise<void> {
    this.#ledger.releaseBegins();
    await Promise.all(batchesOf(machineIds).map((batch) => this.#releaseBatch(batch)));
    this.#ledger.releaseEnds();
    const refused = this.#idsWhere('refused').filter((id) => machineIds.includes(id));
    if (refused.length > 0) void this.#retryLater(refused);
  }

  async #releaseBatch(machineIds: readonly string[]): Promise<void> {
    try {
      const lane = terminateLane(`terminate ${machineIds.length} machines`);
      const { groups } = this.#ledger.state;
      const { refused } = await lane.terminate({ machineIds, ...(groups.length > 0 ? { groups } : {}) });
      if (refused.length > 0) this.#ledger.apply({ type: 'ReleaseRefused', refused });
      const kept = new Set(refused.map(({ machineId }) => machineId));
      await this.#awaitGone(machineIds.filter((id) => !kept.has(id)));
    } catch (error) {
      const { message } = rejection(error);
      this.#ledger.apply({
        type: 'ReleaseRefused',
        refused: machineIds.map((machineId) => ({ machineId, message })),
      });
    }
  }

  /** Those that are gone are told though others take long: a return may ask for just these. */
  async #awaitGone(machineIds: readonly string[]): Promise<void> {
    let rest = machineIds;
    for (let reportSeconds = FIRST_REPORT_SECONDS; rest.length > 0; reportSeconds *= 2) {
      const wait = waitLane(`wait until ${rest.length} machines are gone`);
      const sightings = await wait.awaitGone({ machineIds: rest, reportSeconds });
      this.#ledger.apply({ type: 'MachinesSeen', sightings });
      const gone = new Set(sightings.map(({ machineId }) => machineId));
      rest = rest.filter((id) => !gone.has(id));
    }
  }

  async #removeGroups(): Promise<void> {
    const { groups } = this.#ledger.state;
    try {
      await terminateLane(`delete ${groups.length} empty groups`).removeGroups({ groups });
      this.#ledger.apply({ type: 'GroupsRemoved' });
    } catch (error) {
      log.warn('a group could not be deleted; trying again', { groups, error });
      await sleep(REFUSED_RETRY_MS, { summary: 'try again to delete groups' });
    }
  }

  async #retryLater(machineIds: readonly string[]): Promise<void> {
    await sleep(REFUSED_RETRY_MS, { summary: `try again to release ${machineIds.length} machines` });
    const still = new Set(this.#idsWhere('refused'));
    this.#ledger.apply({ type: 'ReleaseRetried', machineIds: machineIds.filter((id) => still.has(id)) });
  }

  #idsWhere(release: 'refused'): string[] {
    return machinesWhere(this.#ledger.state, (machine) => machine.release === release).map(
      (machine) => machine.machineId,
    );
  }

  #answers(): (readonly [string, MachinesReleased])[] {
    const ownerId = workflowInfo().workflowId;
    return [...this.#ledger.state.returns].flatMap(([returnId, machineIds]) => {
      const answer = answerTo(this.#ledger.state, ownerId, machineIds);
      return answer ? [[returnId, answer] as const] : [];
    });
  }

  async #answer(returnId: string, answer: MachinesReleased): Promise<void> {
    try {
      const owner = getExternalWorkflowHandle(returnId);
      await Promise.all(
        batchesOf(answer.machines).map((machines) =>
          owner.signal(machinesReleasedSignal, { ...answer, machines }),
        ),
      );
    } catch (error) {
      // The return is closed already; it no longer wants to know.
      log.info('a return could not be answered', { returnId, error });
    }
    this.#ledger.apply({ type: 'ReturnAnswered', returnId });
  }

  #canRelease(): boolean {
    return (
      wantedGone(this.#ledger.state).length > 0 && !isFilling(this.#ledger.state) && !this.#ledger.mustRenew()
    );
  }

  #canRemoveGroups(): boolean {
    return (
      this.#ledger.isIdle() && this.#ledger.state.groups.length > 0 && alive(this.#ledger.state).length === 0
    );
  }
}
