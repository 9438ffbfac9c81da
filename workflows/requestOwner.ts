import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  log,
  makeContinueAsNewFunc,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  LAUNCH_STALE,
  type AcquireResult,
  type GroupInput,
  type LaunchParameters,
} from '../domain/activities.ts';
import { BATCH, batchesOf, launchToken, type Group, type Launch } from '../domain/request/launch.ts';
import { isAlive, type Sighting } from '../domain/machine/machine.ts';
import { canSettle, reduce, type RequestFact } from '../domain/request/reducer.ts';
import {
  alive,
  booting,
  carry,
  deadlineOf,
  initialState,
  isFilling,
  isOverdue,
  machinesWhere,
  unitsMissing,
  wantedGone,
  type RequestState,
} from '../domain/request/state.ts';
import { answerTo, requestStatus, standingOf } from '../domain/request/status.ts';
import type {
  MachineRequestInput,
  MachinesReleased,
  MachineStanding,
  ReturnMachines,
  StatusView,
} from '../domain/shared/messages.ts';
import { EventStream } from './eventStream.ts';
import { hasType, rejection } from './failures.ts';
import { launchLane, prepareLane, terminateLane, waitLane } from './lanes.ts';
import { machinesReleasedSignal } from './messages.ts';
import type { machineRequest } from './machineRequest.ts';
import { carriedVisibility, showState, tellState } from './visibility.ts';

const MINUTE = 60_000;
/** Returns that arrive within this time go to AWS together. */
const MERGE_MS = 1_000;
/** A machine that AWS would not terminate is tried again after this time. */
const REFUSED_RETRY_MS = 5 * MINUTE;
/** AWS could not tell what became of a launch: it is asked again after this time. */
const OVERDUE_RETRY_MS = 5 * MINUTE;
const OVERDUE_LAST_RETRY_MS = 60 * MINUTE;
/** AWS may show what a group launched before its freeze this much later. */
const LATE_ARRIVAL_MS = MINUTE;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 60_000;
/** Events; the server's own suggestion comes at 4,096 and its limit is 51,200. */
const LONG_HISTORY = 5_000;
/** Releases under way may end in this run for so long; then the next run begins them again. */
const RENEW_PATIENCE_MS = 10 * MINUTE;
/** A quick machine is reported at the latest this long after it is up, though slow ones are still booting. */
const FIRST_REPORT_SECONDS = 20;

export class RequestOwner {
  #state: RequestState;
  readonly #events: EventStream;
  /** Things under way that a next run would not begin again: the owner neither ends nor continues as new. */
  #busy = 0;
  /** Releases under way. A next run begins them again. */
  #releasing = 0;
  /** Machines that an activity of this run waits for. */
  readonly #watched = new Set<string>();

  constructor(input: MachineRequestInput) {
    this.#state = initialState(input);
    this.#events = new EventStream(this.#state);
    showState(this.#state);
  }

  status(offset: number): StatusView {
    return requestStatus(this.#state, offset);
  }

  standing(machineIds: readonly string[]): MachineStanding[] {
    return machineIds.map((id) => standingOf(this.#state.machines.get(id)));
  }

  takeBack(request: ReturnMachines): void {
    this.#apply({ type: 'ReturnRequested', request });
  }

  /** Machines that it has never had are not its own for being seen, but those that an adopter is told of. */
  see(sightings: readonly Sighting[]): void {
    const own = sightings.filter(({ machineId }) => this.#state.machines.has(machineId));
    const others = sightings.filter((seen) => !own.includes(seen) && isAlive(seen.state));
    this.#apply({ type: 'MachinesSeen', sightings: own });
    if (this.#state.input.template === undefined) this.#apply({ type: 'MachinesAdopted', sightings: others });
  }

  cancel(): void {
    this.#apply({ type: 'CancelRequested' });
  }

  /** Nothing is left to own and nobody waits for an answer. An adopter first has to hear what it adopts. */
  isOver(): boolean {
    const { input, machines, groups, returns } = this.#state;
    const adopts = input.template === undefined && machines.size === 0;
    const isEmpty = alive(this.#state).length === 0 && groups.length === 0;
    return this.#isIdle() && this.#events.isTold && isEmpty && returns.size === 0 && !adopts;
  }

  continueAsNew(): Promise<never> {
    const next = makeContinueAsNewFunc<typeof machineRequest>(carriedVisibility(this.#state));
    return next({ ...this.#state.input, carried: { ...carry(this.#state), events: this.#events.carry() } });
  }

  close(): StatusView {
    tellState(this.#state, this.#state.cancelled ? 'cancelled' : 'returned');
    return requestStatus(this.#state, 0, this.#state.machines.size);
  }

  /** Launches, and has what comes watched, until the request can be answered for good. */
  async acquire(): Promise<void> {
    if (this.#state.phase === 'settled') return;
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      if (this.#mayLaunch()) await this.#launch();
      if (this.#mayLaunch()) {
        // Machines on their way do not hold up the launch of those that are still missing.
        await condition(() => !this.#mayLaunch(), Math.min(retryMs, this.#untilDeadline()));
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      } else {
        await condition(() => this.#canSettle());
        break;
      }
    }
    this.#apply({ type: 'Settled' });
    // A run that ends now tells it by its result or hands it to the next one.
    await condition(() => this.#events.isAtRest);
    if (!this.#canStop()) tellState(this.#state, 'holding');
  }

  /** Terminates what nobody wants any more and answers returns, until the owner is over or too long-lived. */
  async giveBack(): Promise<void> {
    const refused = this.#idsWhere('refused');
    if (refused.length > 0) void this.#retryLater(refused);
    for (;;) {
      await condition(
        () => this.#answers().length > 0 || this.#canRelease() || this.#canRemoveGroups() || this.#canStop(),
      );
      const answers = this.#answers();
      if (answers.length > 0) {
        await Promise.all(answers.map(([returnId, answer]) => this.#answer(returnId, answer)));
        continue;
      }
      if (this.#canRemoveGroups()) {
        void this.#whileBusy(() => this.#removeGroups());
        continue;
      }
      if (!this.#canRelease()) {
        // One machine that hangs in shutting down must not hold up the returns of others for long.
        if (this.#releasing > 0) await condition(() => this.#releasing === 0, RENEW_PATIENCE_MS);
        return;
      }
      if (wantedGone(this.#state).length < alive(this.#state).length)
        await sleep(MERGE_MS, { summary: 'merge returns' });
      const machineIds = wantedGone(this.#state).map((machine) => machine.machineId);
      this.#apply({ type: 'ReleaseStarted', machineIds });
      void this.#release(machineIds);
    }
  }

  #apply(fact: RequestFact): void {
    const before = this.#state;
    this.#state = reduce(before, fact);
    this.#events.note(before, this.#state);
    showState(this.#state);
  }

  #isPastDeadline(): boolean {
    return Date.now() >= deadlineOf(this.#state.input);
  }

  #untilDeadline(): number {
    return Math.max(1, deadlineOf(this.#state.input) - Date.now());
  }

  #canSettle(): boolean {
    return canSettle(this.#state, this.#isPastDeadline());
  }

  #mayLaunch(): boolean {
    return unitsMissing(this.#state) > 0 && !this.#isPastDeadline() && !this.#state.fatal;
  }

  async #prepare(): Promise<LaunchParameters | undefined> {
    const { input, frozen } = this.#state;
    const { deployment, provider, requestId, template, createdAt } = input;
    if (!template) throw new TypeError('a request that launches needs a template');
    const lane = prepareLane(`prepare ${template.templateId}`, this.#untilDeadline());
    try {
      return await lane.prepareLaunch({
        owner: { deployment, provider, requestId },
        template,
        createdAt,
        deadline: deadlineOf(input),
        ...(frozen === undefined ? {} : { frozen }),
      });
    } catch (error) {
      this.#apply({
        type: 'LaunchSettled',
        ordinal: 0,
        machines: [],
        shortages: [],
        fatal: rejection(error),
      });
      return undefined;
    }
  }

  /** Prepared anew each time: which pools are short may have changed, or what was prepared be gone in AWS. */
  async #launch(): Promise<void> {
    const parameters = await this.#prepare();
    if (!parameters || !this.#mayLaunch()) return;
    const launches = this.#decide();
    for (const launch of launches) this.#apply({ type: 'LaunchDecided', launch, frozen: parameters.frozen });
    await Promise.all(launches.map((launch) => this.#acquireOne(launch, parameters)));
  }

  #decide(): Launch[] {
    const { deployment, requestId } = this.#state.input;
    const missing = unitsMissing(this.#state);
    const last = this.#state.launches.at(-1);
    // Where the last launch brought nothing, a smaller one finds out whether there is capacity again.
    const most = last?.got === 0 ? Math.ceil(last.units / 2) : BATCH;
    const count = last?.got === 0 ? 1 : Math.ceil(missing / BATCH);
    const first = this.#state.launches.length + 1;
    return Array.from({ length: count }, (_, index) => ({
      ordinal: first + index,
      token: launchToken(deployment, requestId, first + index),
      units: Math.min(most, missing - index * BATCH),
      decidedAt: Date.now(),
      stage: 'open',
      got: 0,
    }));
  }

  async #acquireOne(launch: Launch, parameters: LaunchParameters, retryMs = OVERDUE_RETRY_MS): Promise<void> {
    const { ordinal } = launch;
    const { runId, firstExecutionRunId } = workflowInfo();
    try {
      let result = await launchLane(`launch ${ordinal}: ${launch.units} units`).acquire({
        launch,
        parameters,
        notAfter: deadlineOf(this.#state.input),
        mayHaveBeenSent: launch.stage === 'overdue' || runId !== firstExecutionRunId,
      });
      while (result.group && result.stage === 'filling') {
        const { group, machines } = result;
        this.#apply({ type: 'GroupFilling', ordinal, group, machines });
        this.#watchAll(machines);
        result = await this.#fill(this.#groupInput(launch, group, machines.length));
      }
      this.#settle(launch, result);
      if (!result.certain) {
        void this.#acquireLater({ ...launch, stage: 'overdue' }, parameters, retryMs);
      } else if (result.group && result.stage === 'settling') {
        const input = this.#groupInput(launch, result.group, result.machines.length);
        void this.#whileBusy(() => this.#lookAgain(input));
      }
    } catch (error) {
      const why = rejection(error);
      const end = { type: 'LaunchSettled', ordinal, machines: [] } as const;
      const stale = hasType(error, LAUNCH_STALE);
      this.#apply(stale ? { ...end, shortages: [why] } : { ...end, shortages: [], fatal: why });
    }
  }

  #settle({ ordinal }: Launch, { certain, machines, shortages, group }: AcquireResult): void {
    this.#apply(
      certain
        ? { type: 'LaunchSettled', ordinal, machines, shortages, ...(group ? { group } : {}) }
        : { type: 'LaunchOverdue', ordinal },
    );
    this.#watchAll(machines);
  }

  #groupInput(launch: Launch, group: Group, known: number): GroupInput {
    const { input } = this.#state;
    const types = input.template?.instanceTypes ?? [];
    return {
      launch,
      group,
      requestId: input.requestId,
      weights: Object.fromEntries(
        types.flatMap((type) => (type.units === 1 ? [] : [[type.instanceType, type.units]])),
      ),
      known,
      deadline: deadlineOf(input),
    };
  }

  /** Until the group is frozen or has news. A machine is never released beside a group that could replace it. */
  async #fill(input: GroupInput): Promise<AcquireResult> {
    const { launch, group } = input;
    const scope = new CancellationScope();
    try {
      const filled = await scope.run(() =>
        Promise.race([
          waitLane(`wait for ${group.id} to fill`).awaitGroup({
            ...input,
            reportSeconds: FIRST_REPORT_SECONDS,
          }),
          condition(() => this.#mustFreeze()).then(() => undefined),
        ]),
      );
      if (filled) return filled;
    } finally {
      scope.cancel();
    }
    return launchLane(`freeze launch ${launch.ordinal}`).freezeGroup(input);
  }

  /** What a group launched just before it was frozen may appear late, even after the request was answered. */
  async #lookAgain(input: GroupInput): Promise<void> {
    for (let atFreeze = input.known; ;) {
      await sleep(LATE_ARRIVAL_MS, { summary: `look for late machines of ${input.group.id}` });
      const lane = launchLane(`list ${input.group.id}`);
      const result = await lane.freezeGroup({ ...input, atFreeze });
      if (result.certain) this.#settle(input.launch, result);
      if (result.certain && result.stage !== 'settling') return;
      atFreeze = result.certain ? result.machines.length : atFreeze;
    }
  }

  async #acquireLater(launch: Launch, parameters: LaunchParameters, retryMs: number): Promise<void> {
    await sleep(retryMs, { summary: `ask again what became of launch ${launch.ordinal}` });
    await this.#acquireOne(launch, parameters, Math.min(retryMs * 2, OVERDUE_LAST_RETRY_MS));
  }

  #watchAll(machines: AcquireResult['machines']): void {
    const machineIds = machines.map(({ machineId }) => machineId).filter((id) => !this.#watched.has(id));
    for (const id of machineIds) this.#watched.add(id);
    if (machineIds.length > 0) void this.#watch(machineIds);
  }

  /** Until each of these is decided: ready, dead, or not up by a read after the deadline. */
  async #watch(machineIds: readonly string[]): Promise<void> {
    const deadline = deadlineOf(this.#state.input);
    for (let reportSeconds = FIRST_REPORT_SECONDS; ; reportSeconds *= 2) {
      const waitedFor = new Set(booting(this.#state).map((machine) => machine.machineId));
      const batch = machineIds.filter((id) => waitedFor.has(id));
      if (batch.length === 0) return;
      const lane = waitLane(`wait for ${batch.length} machines to boot`);
      const { sightings, final } = await lane.awaitMachines({ machineIds: batch, deadline, reportSeconds });
      this.#apply({ type: 'MachinesSeen', sightings });
      if (final) this.#apply({ type: 'DeadlinePassed', machineIds: batch });
    }
  }

  async #whileBusy(work: () => Promise<void>): Promise<void> {
    this.#busy += 1;
    try {
      await work();
    } finally {
      this.#busy -= 1;
    }
  }

  async #release(machineIds: readonly string[]): Promise<void> {
    this.#releasing += 1;
    await Promise.all(batchesOf(machineIds).map((batch) => this.#releaseBatch(batch)));
    this.#releasing -= 1;
    const refused = this.#idsWhere('refused').filter((id) => machineIds.includes(id));
    if (refused.length > 0) void this.#retryLater(refused);
  }

  async #releaseBatch(machineIds: readonly string[]): Promise<void> {
    try {
      const lane = terminateLane(`terminate ${machineIds.length} machines`);
      const { groups } = this.#state;
      const { refused } = await lane.terminate({ machineIds, ...(groups.length > 0 ? { groups } : {}) });
      if (refused.length > 0) this.#apply({ type: 'ReleaseRefused', refused });
      const kept = new Set(refused.map(({ machineId }) => machineId));
      await this.#awaitGone(machineIds.filter((id) => !kept.has(id)));
    } catch (error) {
      const { message } = rejection(error);
      this.#apply({
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
      this.#apply({ type: 'MachinesSeen', sightings });
      const gone = new Set(sightings.map(({ machineId }) => machineId));
      rest = rest.filter((id) => !gone.has(id));
    }
  }

  async #removeGroups(): Promise<void> {
    const { groups } = this.#state;
    try {
      await terminateLane(`delete ${groups.length} empty groups`).removeGroups({ groups });
      this.#apply({ type: 'GroupsRemoved' });
    } catch (error) {
      log.warn('a group could not be deleted; trying again', { groups, error });
      await sleep(REFUSED_RETRY_MS, { summary: 'try again to delete groups' });
    }
  }

  async #retryLater(machineIds: readonly string[]): Promise<void> {
    await sleep(REFUSED_RETRY_MS, { summary: `try again to release ${machineIds.length} machines` });
    const still = new Set(this.#idsWhere('refused'));
    this.#apply({ type: 'ReleaseRetried', machineIds: machineIds.filter((id) => still.has(id)) });
  }

  #idsWhere(release: 'refused'): string[] {
    return machinesWhere(this.#state, (machine) => machine.release === release).map(
      (machine) => machine.machineId,
    );
  }

  #answers(): (readonly [string, MachinesReleased])[] {
    const ownerId = workflowInfo().workflowId;
    return [...this.#state.returns].flatMap(([returnId, machineIds]) => {
      const answer = answerTo(this.#state, ownerId, machineIds);
      return answer ? [[returnId, answer] as const] : [];
    });
  }

  async #answer(returnId: string, answer: MachinesReleased): Promise<void> {
    try {
      const owner = getExternalWorkflowHandle(returnId);
      for (const machines of batchesOf(answer.machines)) {
        await owner.signal(machinesReleasedSignal, { ...answer, machines });
      }
    } catch (error) {
      // The return is closed already; it no longer wants to know.
      log.info('a return could not be answered', { returnId, error });
    }
    this.#apply({ type: 'ReturnAnswered', returnId });
  }

  /** A group that still launches is stopped before anything of it is given back. */
  #mustFreeze(): boolean {
    return this.#state.cancelled || wantedGone(this.#state).length > 0;
  }

  /** Settled and certain of every launch: the only moments at which a run may end. */
  #mayStop(): boolean {
    return this.#state.phase === 'settled' && this.#busy === 0 && !isOverdue(this.#state);
  }

  #isIdle(): boolean {
    return this.#mayStop() && this.#releasing === 0;
  }

  /** When the history is long, nothing more is begun in this run. Not every server suggests it. */
  #mustRenew(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return this.#mayStop() && (continueAsNewSuggested || historyLength > LONG_HISTORY);
  }

  #canRelease(): boolean {
    return wantedGone(this.#state).length > 0 && !isFilling(this.#state) && !this.#mustRenew();
  }

  #canRemoveGroups(): boolean {
    return this.#isIdle() && this.#state.groups.length > 0 && alive(this.#state).length === 0;
  }

  /** A run also ends once after settling, so that no owner carries the code it started with for months. */
  #canStop(): boolean {
    const maySwitch = this.#isIdle() && this.#events.isTold && !this.#state.input.carried;
    return this.isOver() || this.#mustRenew() || maySwitch;
  }
}
