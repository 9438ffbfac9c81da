import { CancellationScope, condition, log, sleep, workflowInfo } from '@temporalio/workflow';
import {
  LAUNCH_STALE,
  type LaunchMachinesResult,
  type LaunchResult,
  type GroupInput,
  type Discovery,
  type PrepareResult,
  type RunOrigin,
  type LaunchParameters,
  type PrepareInput,
} from '../../contract/activities.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import {
  MAX_BATCH,
  launchToken,
  type Group,
  type Launch,
  type Shortage,
} from '../../domain/request/launch.ts';
import { canSettle } from '../../domain/request/reducer.ts';
import {
  deadlineOf,
  hasFillingGroup,
  launchedUnits,
  missingUnits,
  machinesPendingRelease,
} from '../../domain/request/state.ts';
import { hasFailureType, shortageFromFailure } from '../runtime/activityFailure.ts';
import { launchStub, prepareStub, waitStub } from '../runtime/activityStubs.ts';
import type { OrphanedGroup } from '../../contract/messages.ts';
import { FIRST_REPORT_SECONDS, type RequestOwner } from './requestOwner.ts';
import { recordSettled } from '../runtime/visibility.ts';
import { BootWatch } from './bootWatch.ts';

const MINUTE = 60_000;
/** A run that found what others launched uses none of their tokens: they may stand for something else. */
const ORDINALS_PER_RUN = 1_000;
/** AWS could not tell what became of a launch: it is asked again after this time. */
const MIN_OVERDUE_RETRY_MS = 5 * MINUTE;
const MAX_OVERDUE_RETRY_MS = 60 * MINUTE;
/** AWS may show what a group launched before its freeze this much later. */
const FROZEN_GROUP_RECHECK_MS = MINUTE;
const MIN_RETRY_MS = 10_000;
const MAX_RETRY_MS = 60_000;

/** Gets the machines of a request, and watches them until each is decided. */
export class Provisioning {
  readonly #owner: RequestOwner;
  readonly #bootWatch: BootWatch;
  /** The run in which was looked last for what was launched before a reset. */
  #discoveryRunId: string | undefined;
  #lastOrdinal = 0;

  constructor(owner: RequestOwner) {
    this.#owner = owner;
    this.#bootWatch = new BootWatch(owner);
  }

  /** Launches, and has what comes watched, until the request can be answered for good. */
  async run(): Promise<void> {
    if (this.#owner.state.phase === 'settled') return;
    let retryMs = MIN_RETRY_MS;
    for (;;) {
      if (this.#shouldLaunch()) await this.#launchMissing();
      if (!this.#shouldLaunch()) break;
      // Machines on their way do not hold up the launch of those that are still missing.
      await condition(() => !this.#shouldLaunch(), Math.min(retryMs, this.#owner.msUntilDeadline()));
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
    await condition(() => this.#canSettle());
    if (launchedUnits(this.#owner.state) < this.#owner.state.input.count) {
      await this.#discoverEarlierLaunches();
      await condition(() => this.#canSettle());
    }
    this.#owner.apply({ type: 'Settled' });
    recordSettled(this.#owner.state);
  }

  #canSettle(): boolean {
    return canSettle(this.#owner.state, this.#owner.isPastDeadline());
  }

  #shouldLaunch(): boolean {
    return (
      missingUnits(this.#owner.state) > 0 && !this.#owner.isPastDeadline() && !this.#owner.state.fatalError
    );
  }

  /** Prepared anew each time: which pools are short may have changed, or what was prepared be gone in AWS. */
  async #launchMissing(): Promise<void> {
    const launches = this.#decideLaunches();
    for (const launch of launches) this.#owner.apply({ type: 'LaunchDecided', launch });
    const [first, ...others] = launches;
    if (first && others.length === 0) await this.#launchOne(first);
    else await this.#launchPrepared(launches);
  }

  /** Launches that share their parameters. */
  async #launchPrepared(launches: readonly Launch[]): Promise<void> {
    try {
      const { parameters, ...discovery } = await this.#prepare();
      await this.#mergeDiscovery(discovery);
      if (parameters) await Promise.all(launches.map((launch) => this.#launchOne(launch, parameters)));
      else for (const { ordinal } of launches) this.#settleEmpty(ordinal);
    } catch (error) {
      for (const { ordinal } of launches)
        this.#settleEmpty(ordinal, { fatalError: shortageFromFailure(error) });
    }
  }

  /** @throws ActivityFailure when AWS refuses it, or it did not succeed until the deadline */
  #prepare(): Promise<PrepareResult> {
    const input = this.#prepareInput();
    const stub = prepareStub(`prepare ${input.template.templateId}`, this.#owner.msUntilDeadline());
    return stub.prepareLaunch({ ...input, ...this.#runOrigin() });
  }

  #runOrigin(): RunOrigin {
    const { firstExecutionRunId: firstRunId } = workflowInfo();
    return {
      firstRunId,
      ...(this.#discoveryRunId === undefined ? {} : { discoveryRunId: this.#discoveryRunId }),
    };
  }

  #prepareInput(): PrepareInput {
    const { input, resolvedTemplate } = this.#owner.state;
    const { deployment, provider, requestId, template, createdAt, count } = input;
    if (!template) throw new TypeError('a request that launches needs a template');
    return {
      owner: { deployment, provider, requestId },
      template,
      count,
      createdAt,
      deadline: deadlineOf(input),
      ...(resolvedTemplate === undefined ? {} : { resolvedTemplate }),
    };
  }

  #decideLaunches(): Launch[] {
    const { deployment, requestId } = this.#owner.state.input;
    const missingNow = missingUnits(this.#owner.state);
    const lastLaunch = this.#owner.state.launches.findLast(({ units }) => units > 0);
    // Where the last launch brought nothing, a smaller one finds out whether there is capacity again.
    const maxUnits = lastLaunch?.fulfilledUnits === 0 ? Math.ceil(lastLaunch.units / 2) : MAX_BATCH;
    const count = lastLaunch?.fulfilledUnits === 0 ? 1 : Math.ceil(missingNow / MAX_BATCH);
    return Array.from({ length: count }, (_, index) => {
      const ordinal = ++this.#lastOrdinal;
      return {
        ordinal,
        token: launchToken(deployment, requestId, ordinal),
        units: Math.min(maxUnits, missingNow - index * MAX_BATCH),
        decidedAt: Date.now(),
        stage: 'open',
        fulfilledUnits: 0,
      };
    });
  }

  /** What is not prepared yet, the activity that sends it prepares; only if it cannot, that is a step of its own. */
  async #launchOne(
    launch: Launch,
    prepared?: LaunchParameters,
    retryMs = MIN_OVERDUE_RETRY_MS,
  ): Promise<void> {
    const { ordinal } = launch;
    if (this.#owner.state.cancelled && launch.stage !== 'overdue') return this.#settleEmpty(ordinal);
    try {
      let result = await this.#send(launch, prepared);
      await this.#mergeDiscovery(result);
      if (result.discovered) return this.#settleEmpty(ordinal);
      if (result.needsPreparation) {
        const { parameters, ...discovery } = await this.#prepare();
        await this.#mergeDiscovery(discovery);
        return parameters ? await this.#launchOne(launch, parameters, retryMs) : this.#settleEmpty(ordinal);
      }
      const { parameters = prepared } = result;
      this.#owner.apply({ type: 'LaunchPrepared', resolvedTemplate: parameters?.resolvedTemplate });
      while (result.group && result.stage === 'filling') {
        const { group, machines } = result;
        const input = this.#groupInput(launch, group, machines.length);
        // The request is answered already: what is known of it is given back, and its group would replace that.
        if (launch.stage === 'overdue') {
          result = await this.#freezeGroup(input);
          continue;
        }
        this.#owner.apply({ type: 'GroupFilling', ordinal, group, machines });
        this.#bootWatch.watch(machines);
        result = await this.#awaitFullOrFreeze(input);
      }
      this.#settleLaunch(launch, result);
      if (!result.isConclusive && parameters) {
        void this.#retryOverdue({ ...launch, stage: 'overdue' }, parameters, retryMs);
      } else if (result.group && result.stage === 'settling') {
        const input = this.#groupInput(launch, result.group, result.machines.length);
        void this.#owner.trackTask(() => this.#recheckFrozenGroup(input));
      }
    } catch (error) {
      const reason = shortageFromFailure(error);
      this.#settleEmpty(
        ordinal,
        hasFailureType(error, LAUNCH_STALE) ? { shortages: [reason] } : { fatalError: reason },
      );
    }
  }

  #send(launch: Launch, parameters: LaunchParameters | undefined): Promise<LaunchMachinesResult> {
    const stub = launchStub(`launch ${launch.ordinal}: ${launch.units} units`);
    return stub.launchMachines({
      launch,
      notAfter: deadlineOf(this.#owner.state.input),
      prepare: this.#prepareInput(),
      ...(parameters ? { parameters } : {}),
      ...this.#runOrigin(),
    });
  }

  #settleEmpty(
    ordinal: number,
    outcome: { shortages?: readonly Shortage[]; fatalError?: Shortage } = {},
  ): void {
    this.#owner.apply({ type: 'LaunchSettled', ordinal, machines: [], shortages: [], ...outcome });
  }

  /**
   * A run that was reset may not get as far as to launch: the deadline is over, or AWS takes no such launch any more.
   * Host Factory may use what the run before it launched, so that is looked for before anything is answered.
   */
  async #discoverEarlierLaunches(): Promise<void> {
    const { owner, template } = this.#prepareInput();
    const summary = 'look for what was launched before a reset';
    for (;;) {
      const discovery = await launchStub(summary)
        .discoverLaunched({ owner, template, ...this.#runOrigin() })
        .catch((error: unknown) => log.warn('what was launched before is looked for again', { error }));
      if (discovery) return this.#mergeDiscovery(discovery);
      // Nothing but somebody's hand ends it.
      await sleep(MINUTE, { summary });
    }
  }

  /** Nothing is launched beside a group that was found until it is known what that has. */
  async #mergeDiscovery({ discoveryRunId, discovered }: Discovery): Promise<void> {
    if (discovered) {
      const machines = unpackMachines(discovered.machines);
      this.#owner.apply({ type: 'MachinesDiscovered', observations: machines });
      this.#bootWatch.watch(machines);
      this.#freezeAndAdoptGroups(discovered.groups);
      this.#lastOrdinal = Math.ceil((this.#lastOrdinal + 1) / ORDINALS_PER_RUN) * ORDINALS_PER_RUN;
    }
    this.#discoveryRunId = discoveryRunId ?? this.#discoveryRunId;
    if (discovered) await condition(() => !hasFillingGroup(this.#owner.state));
  }

  /** Groups of a closed owner, told by the monitor. */
  adoptGroups(groups: readonly OrphanedGroup[]): void {
    if (this.#owner.isAdopter) this.#freezeAndAdoptGroups(groups);
  }

  /** Each is frozen, and what is left of it becomes part of this ledger. */
  #freezeAndAdoptGroups(groups: readonly OrphanedGroup[]): void {
    const { launches } = this.#owner.state;
    const knownIds = new Set(launches.map(({ group }) => group?.id));
    const added = groups.filter(({ id }) => !knownIds.has(id));
    for (const { token, ...group } of added) {
      const launch: Launch = {
        ordinal: ++this.#lastOrdinal,
        token,
        units: 0,
        decidedAt: Date.now(),
        stage: 'open',
        fulfilledUnits: 0,
        group,
      };
      this.#owner.apply({ type: 'LaunchDecided', launch });
      this.#owner.startTask(() => this.#freezeAndAdoptGroup(launch, group));
    }
  }

  async #freezeAndAdoptGroup(launch: Launch, group: Group): Promise<void> {
    for (;;) {
      // It is certain as soon as AWS can be asked; only an answer to Host Factory does not wait for ever.
      const input = { ...this.#groupInput(launch, group, 0), deadline: Date.now() };
      const result = await launchStub(`freeze ${group.id}`)
        .freezeGroup(input)
        .catch((error: unknown) => log.warn('a group is frozen again', { group: group.id, error }));
      if (result?.isConclusive) {
        this.#settleLaunch(launch, result);
        if (result.stage === 'settling') await this.#recheckFrozenGroup(input);
        return;
      }
      if (!this.#owner.isAdopter) this.#owner.apply({ type: 'LaunchOverdue', ordinal: launch.ordinal });
      await sleep(MIN_OVERDUE_RETRY_MS, { summary: `try again to freeze ${group.id}` });
    }
  }

  #settleLaunch({ ordinal }: Launch, { isConclusive, machines, shortages, group }: LaunchResult): void {
    this.#owner.apply(
      isConclusive
        ? { type: 'LaunchSettled', ordinal, machines, shortages, ...(group ? { group } : {}) }
        : { type: 'LaunchOverdue', ordinal },
    );
    this.#bootWatch.watch(machines);
  }

  #groupInput(launch: Launch, group: Group, knownMembers: number): GroupInput {
    const { input } = this.#owner.state;
    const types = input.template?.instanceTypes ?? [];
    return {
      launch,
      group,
      requestId: input.requestId,
      weights: Object.fromEntries(
        types.flatMap((type) => (type.units === 1 ? [] : [[type.instanceType, type.units]])),
      ),
      knownMembers,
      deadline: deadlineOf(input),
    };
  }

  /** Until the group is frozen or has news. A machine is never released beside a group that could replace it. */
  async #awaitFullOrFreeze(input: GroupInput): Promise<LaunchResult> {
    const { group } = input;
    const scope = new CancellationScope();
    try {
      const result = await scope.run(() =>
        Promise.race([
          waitStub(`wait for ${group.id} to fill`).awaitGroup({
            ...input,
            reportSeconds: FIRST_REPORT_SECONDS,
          }),
          condition(() => this.#shouldFreeze()).then(() => undefined),
        ]),
      );
      if (result) return result;
    } finally {
      scope.cancel();
    }
    return this.#freezeGroup(input);
  }

  #freezeGroup(input: GroupInput): Promise<LaunchResult> {
    return launchStub(`freeze launch ${input.launch.ordinal}`).freezeGroup(input);
  }

  /** What a group launched just before it was frozen may appear late, even after the request was answered. */
  async #recheckFrozenGroup(input: GroupInput): Promise<void> {
    for (let membersAtFreeze = input.knownMembers; ;) {
      await sleep(FROZEN_GROUP_RECHECK_MS, { summary: `look for late machines of ${input.group.id}` });
      const stub = launchStub(`list ${input.group.id}`);
      const result = await stub.freezeGroup({ ...input, membersAtFreeze });
      if (result.isConclusive) this.#settleLaunch(input.launch, result);
      if (result.isConclusive && result.stage !== 'settling') return;
      membersAtFreeze = result.isConclusive ? result.machines.length : membersAtFreeze;
    }
  }

  async #retryOverdue(launch: Launch, parameters: LaunchParameters, retryMs: number): Promise<void> {
    await sleep(retryMs, { summary: `ask again what became of launch ${launch.ordinal}` });
    await this.#launchOne(launch, parameters, Math.min(retryMs * 2, MAX_OVERDUE_RETRY_MS));
  }

  /** A group that still launches is stopped before anything of it is given back. */
  #shouldFreeze(): boolean {
    return this.#owner.state.cancelled || machinesPendingRelease(this.#owner.state).length > 0;
  }
}
