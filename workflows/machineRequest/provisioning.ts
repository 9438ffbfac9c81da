import { CancellationScope, condition, log, sleep, workflowInfo } from '@temporalio/workflow';
import {
  LAUNCH_STALE,
  type Acquired,
  type AcquireResult,
  type GroupInput,
  type Look,
  type Prepared,
  type Run,
  type LaunchParameters,
  type PrepareInput,
} from '../../contract/activities.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { BATCH, launchToken, type Group, type Launch, type Shortage } from '../../domain/request/launch.ts';
import { canSettle } from '../../domain/request/reducer.ts';
import {
  deadlineOf,
  isFilling,
  unitsLaunched,
  unitsMissing,
  wantedGone,
} from '../../domain/request/state.ts';
import { hasType, rejection } from '../runtime/activityFailure.ts';
import { launchLane, prepareLane, waitLane } from '../runtime/activityStubs.ts';
import type { OrphanedGroup } from '../../contract/messages.ts';
import { FIRST_REPORT_SECONDS, type Ledger } from './requestOwner.ts';
import { tellSettled } from '../runtime/visibility.ts';
import { Watching } from './bootWatch.ts';

const MINUTE = 60_000;
/** A run that found what others launched uses none of their tokens: they may stand for something else. */
const ORDINALS_OF_RUN = 1_000;
/** AWS could not tell what became of a launch: it is asked again after this time. */
const OVERDUE_RETRY_MS = 5 * MINUTE;
const OVERDUE_LAST_RETRY_MS = 60 * MINUTE;
/** AWS may show what a group launched before its freeze this much later. */
const LATE_ARRIVAL_MS = MINUTE;
const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 60_000;

/** Gets the machines of a request, and watches them until each is decided. */
export class Acquiring {
  readonly #ledger: Ledger;
  readonly #watching: Watching;
  /** The run in which was looked last for what was launched before a reset. */
  #lookedIn: string | undefined;
  #lastOrdinal = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#watching = new Watching(ledger);
  }

  /** Launches, and has what comes watched, until the request can be answered for good. */
  async acquire(): Promise<void> {
    if (this.#ledger.state.phase === 'settled') return;
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      if (this.#mayLaunch()) await this.#launch();
      if (!this.#mayLaunch()) break;
      // Machines on their way do not hold up the launch of those that are still missing.
      await condition(() => !this.#mayLaunch(), Math.min(retryMs, this.#ledger.untilDeadline()));
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
    await condition(() => this.#canSettle());
    if (unitsLaunched(this.#ledger.state) < this.#ledger.state.input.count) {
      await this.#findOthers();
      await condition(() => this.#canSettle());
    }
    this.#ledger.apply({ type: 'Settled' });
    tellSettled(this.#ledger.state);
  }

  #canSettle(): boolean {
    return canSettle(this.#ledger.state, this.#ledger.isPastDeadline());
  }

  #mayLaunch(): boolean {
    return (
      unitsMissing(this.#ledger.state) > 0 && !this.#ledger.isPastDeadline() && !this.#ledger.state.fatal
    );
  }

  /** Prepared anew each time: which pools are short may have changed, or what was prepared be gone in AWS. */
  async #launch(): Promise<void> {
    const launches = this.#decide();
    for (const launch of launches) this.#ledger.apply({ type: 'LaunchDecided', launch });
    const [first, ...others] = launches;
    if (first && others.length === 0) await this.#acquireOne(first);
    else await this.#acquirePrepared(launches);
  }

  /** Launches that share their parameters. */
  async #acquirePrepared(launches: readonly Launch[]): Promise<void> {
    try {
      const { parameters, ...look } = await this.#prepare();
      await this.#take(look);
      if (parameters) await Promise.all(launches.map((launch) => this.#acquireOne(launch, parameters)));
      else for (const { ordinal } of launches) this.#settleUnsent(ordinal);
    } catch (error) {
      for (const { ordinal } of launches) this.#settleUnsent(ordinal, { fatal: rejection(error) });
    }
  }

  /** @throws ActivityFailure when AWS refuses it, or it did not succeed until the deadline */
  #prepare(): Promise<Prepared> {
    const input = this.#prepareInput();
    const lane = prepareLane(`prepare ${input.template.templateId}`, this.#ledger.untilDeadline());
    return lane.prepareLaunch({ ...input, ...this.#run() });
  }

  #run(): Run {
    const { firstExecutionRunId: firstRunId } = workflowInfo();
    return { firstRunId, ...(this.#lookedIn === undefined ? {} : { lookedIn: this.#lookedIn }) };
  }

  #prepareInput(): PrepareInput {
    const { input, frozen } = this.#ledger.state;
    const { deployment, provider, requestId, template, createdAt, count } = input;
    if (!template) throw new TypeError('a request that launches needs a template');
    return {
      owner: { deployment, provider, requestId },
      template,
      count,
      createdAt,
      deadline: deadlineOf(input),
      ...(frozen === undefined ? {} : { frozen }),
    };
  }

  #decide(): Launch[] {
    const { deployment, requestId } = this.#ledger.state.input;
    const missing = unitsMissing(this.#ledger.state);
    const last = this.#ledger.state.launches.findLast(({ units }) => units > 0);
    // Where the last launch brought nothing, a smaller one finds out whether there is capacity again.
    const most = last?.got === 0 ? Math.ceil(last.units / 2) : BATCH;
    const count = last?.got === 0 ? 1 : Math.ceil(missing / BATCH);
    return Array.from({ length: count }, (_, index) => {
      const ordinal = ++this.#lastOrdinal;
      return {
        ordinal,
        token: launchToken(deployment, requestId, ordinal),
        units: Math.min(most, missing - index * BATCH),
        decidedAt: Date.now(),
        stage: 'open',
        got: 0,
      };
    });
  }

  /** What is not prepared yet, the activity that sends it prepares; only if it cannot, that is a step of its own. */
  async #acquireOne(launch: Launch, prepared?: LaunchParameters, retryMs = OVERDUE_RETRY_MS): Promise<void> {
    const { ordinal } = launch;
    if (this.#ledger.state.cancelled && launch.stage !== 'overdue') return this.#settleUnsent(ordinal);
    try {
      let result = await this.#send(launch, prepared);
      await this.#take(result);
      if (result.found) return this.#settleUnsent(ordinal);
      if (result.unprepared) {
        const { parameters, ...look } = await this.#prepare();
        await this.#take(look);
        return parameters ? await this.#acquireOne(launch, parameters, retryMs) : this.#settleUnsent(ordinal);
      }
      const { parameters = prepared } = result;
      this.#ledger.apply({ type: 'Prepared', frozen: parameters?.frozen });
      while (result.group && result.stage === 'filling') {
        const { group, machines } = result;
        const input = this.#groupInput(launch, group, machines.length);
        // The request is answered already: what is known of it is given back, and its group would replace that.
        if (launch.stage === 'overdue') {
          result = await this.#freeze(input);
          continue;
        }
        this.#ledger.apply({ type: 'GroupFilling', ordinal, group, machines });
        this.#watching.watch(machines);
        result = await this.#fill(input);
      }
      this.#settle(launch, result);
      if (!result.certain && parameters) {
        void this.#acquireLater({ ...launch, stage: 'overdue' }, parameters, retryMs);
      } else if (result.group && result.stage === 'settling') {
        const input = this.#groupInput(launch, result.group, result.machines.length);
        void this.#ledger.whileBusy(() => this.#lookAgain(input));
      }
    } catch (error) {
      const why = rejection(error);
      this.#settleUnsent(ordinal, hasType(error, LAUNCH_STALE) ? { shortages: [why] } : { fatal: why });
    }
  }

  #send(launch: Launch, parameters: LaunchParameters | undefined): Promise<Acquired> {
    const lane = launchLane(`launch ${launch.ordinal}: ${launch.units} units`);
    return lane.acquire({
      launch,
      notAfter: deadlineOf(this.#ledger.state.input),
      prepare: this.#prepareInput(),
      ...(parameters ? { parameters } : {}),
      ...this.#run(),
    });
  }

  #settleUnsent(ordinal: number, why: { shortages?: readonly Shortage[]; fatal?: Shortage } = {}): void {
    this.#ledger.apply({ type: 'LaunchSettled', ordinal, machines: [], shortages: [], ...why });
  }

  /**
   * A run that was reset may not get as far as to launch: the deadline is over, or AWS takes no such launch any more.
   * Host Factory may use what the run before it launched, so that is looked for before anything is answered.
   */
  async #findOthers(): Promise<void> {
    const { owner, template } = this.#prepareInput();
    const summary = 'look for what was launched before a reset';
    for (;;) {
      const look = await launchLane(summary)
        .findLaunched({ owner, template, ...this.#run() })
        .catch((error: unknown) => log.warn('what was launched before is looked for again', { error }));
      if (look) return this.#take(look);
      // Nothing but somebody's hand ends it.
      await sleep(MINUTE, { summary });
    }
  }

  /** Nothing is launched beside a group that was found until it is known what that has. */
  async #take({ lookedIn, found }: Look): Promise<void> {
    if (found) {
      const machines = unpackMachines(found.machines);
      this.#ledger.apply({ type: 'MachinesFound', sightings: machines });
      this.#watching.watch(machines);
      this.#takeGroups(found.groups);
      this.#lastOrdinal = Math.ceil((this.#lastOrdinal + 1) / ORDINALS_OF_RUN) * ORDINALS_OF_RUN;
    }
    this.#lookedIn = lookedIn ?? this.#lookedIn;
    if (found) await condition(() => !isFilling(this.#ledger.state));
  }

  /** Groups of a closed owner, told by the monitor. */
  adoptGroups(groups: readonly OrphanedGroup[]): void {
    if (this.#ledger.isAdopter) this.#takeGroups(groups);
  }

  /** Each is frozen, and what is left of it becomes part of this ledger. */
  #takeGroups(groups: readonly OrphanedGroup[]): void {
    const { launches } = this.#ledger.state;
    const known = new Set(launches.map(({ group }) => group?.id));
    const fresh = groups.filter(({ id }) => !known.has(id));
    for (const { token, ...group } of fresh) {
      const launch: Launch = {
        ordinal: ++this.#lastOrdinal,
        token,
        units: 0,
        decidedAt: Date.now(),
        stage: 'open',
        got: 0,
        group,
      };
      this.#ledger.apply({ type: 'LaunchDecided', launch });
      this.#ledger.beginBusy(() => this.#takeGroup(launch, group));
    }
  }

  async #takeGroup(launch: Launch, group: Group): Promise<void> {
    for (;;) {
      // It is certain as soon as AWS can be asked; only an answer to Host Factory does not wait for ever.
      const input = { ...this.#groupInput(launch, group, 0), deadline: Date.now() };
      const result = await launchLane(`freeze ${group.id}`)
        .freezeGroup(input)
        .catch((error: unknown) => log.warn('a group is frozen again', { group: group.id, error }));
      if (result?.certain) {
        this.#settle(launch, result);
        if (result.stage === 'settling') await this.#lookAgain(input);
        return;
      }
      if (!this.#ledger.isAdopter) this.#ledger.apply({ type: 'LaunchOverdue', ordinal: launch.ordinal });
      await sleep(OVERDUE_RETRY_MS, { summary: `try again to freeze ${group.id}` });
    }
  }

  #settle({ ordinal }: Launch, { certain, machines, shortages, group }: AcquireResult): void {
    this.#ledger.apply(
      certain
        ? { type: 'LaunchSettled', ordinal, machines, shortages, ...(group ? { group } : {}) }
        : { type: 'LaunchOverdue', ordinal },
    );
    this.#watching.watch(machines);
  }

  #groupInput(launch: Launch, group: Group, known: number): GroupInput {
    const { input } = this.#ledger.state;
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
    const { group } = input;
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
    return this.#freeze(input);
  }

  #freeze(input: GroupInput): Promise<AcquireResult> {
    return launchLane(`freeze launch ${input.launch.ordinal}`).freezeGroup(input);
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

  /** A group that still launches is stopped before anything of it is given back. */
  #mustFreeze(): boolean {
    return this.#ledger.state.cancelled || wantedGone(this.#ledger.state).length > 0;
  }
}
