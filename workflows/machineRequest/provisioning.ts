import { condition, log, sleep, workflowInfo } from '@temporalio/workflow';
import {
  LAUNCH_STALE,
  type Discovery,
  type LaunchMachinesResult,
  type LaunchParameters,
  type LaunchResult,
  type PrepareInput,
  type RunOrigin,
} from '../../contract/activities.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import type { Launch, Shortage } from '../../domain/request/launch.ts';
import { launchPlan } from '../../domain/request/launchPlan.ts';
import { canSettle } from '../../domain/request/reducer.ts';
import { deadlineOf, hasFillingGroup, launchedUnits, missingUnits } from '../../domain/request/state.ts';
import { hasFailureType, shortageFromFailure } from '../runtime/activityFailure.ts';
import { launchStub, prepareStub } from '../runtime/activityStubs.ts';
import { recordSettled } from '../runtime/visibility.ts';
import { BootWatch } from './bootWatch.ts';
import { Groups } from './groups.ts';
import type { RequestOwner } from './requestOwner.ts';
import type { OrphanedGroup } from '../../contract/machineRequest.ts';

const MINUTE = 60_000;
/** An overdue launch is checked again after this time, which doubles up to the maximum. */
const MIN_OVERDUE_RETRY_MS = 5 * MINUTE;
const MAX_OVERDUE_RETRY_MS = 60 * MINUTE;
/** Another launch for the units that are still missing starts after this time, which doubles up to the maximum. */
const MIN_RETRY_MS = 10_000;
const MAX_RETRY_MS = MINUTE;

/** Launches the machines of a request, and watches them until each is ready or has failed. */
export class Provisioning {
  readonly #owner: RequestOwner;
  readonly #bootWatch: BootWatch;
  readonly #groups: Groups;
  /** Id of the run that last discovered the machines of earlier runs, i.e. those before a reset. */
  #discoveryRunId: string | undefined;

  constructor(owner: RequestOwner) {
    this.#owner = owner;
    this.#bootWatch = new BootWatch(owner);
    this.#groups = new Groups(owner, this.#bootWatch);
  }

  /** Launches until nothing is missing, then settles the request when every launch and machine is decided. */
  async run(): Promise<void> {
    if (this.#owner.state.phase === 'settled') return;
    let retryMs = MIN_RETRY_MS;
    for (;;) {
      if (this.#shouldLaunch()) await this.#launchMissing();
      if (!this.#shouldLaunch()) break;
      // Machines that boot do not delay the launch of those that are still missing.
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

  /** Adopts groups of a closed owner that the monitor found. */
  adoptGroups(groups: readonly OrphanedGroup[]): void {
    if (this.#owner.isAdopter) this.#groups.adopt(groups);
  }

  #canSettle(): boolean {
    return canSettle(this.#owner.state, this.#owner.isPastDeadline());
  }

  #shouldLaunch(): boolean {
    return (
      missingUnits(this.#owner.state) > 0 && !this.#owner.isPastDeadline() && !this.#owner.state.fatalError
    );
  }

  /** Each round prepares again: other offerings may be short, or the launch template may have been deleted. */
  async #launchMissing(): Promise<void> {
    const launches = launchPlan(this.#owner.state, this.#owner.lastOrdinal, Date.now());
    for (const launch of launches) this.#owner.decideLaunch(launch);
    const [first, ...others] = launches;
    if (first && others.length === 0) await this.#launch(first);
    else await this.#launchTogether(launches);
  }

  /** Several launches share one preparation. */
  async #launchTogether(launches: readonly Launch[]): Promise<void> {
    try {
      const parameters = await this.#prepare();
      if (parameters) await Promise.all(launches.map((launch) => this.#launch(launch, parameters)));
      else for (const launch of launches) this.#settleEmpty(launch);
    } catch (error) {
      for (const launch of launches) this.#settleEmpty(launch, { fatalError: shortageFromFailure(error) });
    }
  }

  /** One launch, from its decision until it is settled or overdue. */
  async #launch(launch: Launch, prepared?: LaunchParameters, retryMs = MIN_OVERDUE_RETRY_MS): Promise<void> {
    try {
      const sent = await this.#send(launch, prepared);
      if (!sent) return this.#settleEmpty(launch);
      this.#owner.apply({ type: 'LaunchPrepared', resolvedTemplate: sent.parameters?.resolvedTemplate });
      const result = await this.#groups.fill(launch, sent);
      this.#settle(launch, result, sent.parameters, retryMs);
    } catch (error) {
      const reason = shortageFromFailure(error);
      this.#settleEmpty(
        launch,
        hasFailureType(error, LAUNCH_STALE) ? { shortages: [reason] } : { fatalError: reason },
      );
    }
  }

  /**
   * `launchMachines` also prepares a launch. If that fails or takes too long, `prepareLaunch` does it as a step of its own.
   * @returns undefined when nothing was sent: the request is cancelled, or an earlier run, before a reset, has launched
   */
  async #send(
    launch: Launch,
    prepared: LaunchParameters | undefined,
  ): Promise<LaunchMachinesResult | undefined> {
    for (let parameters = prepared; ;) {
      if (this.#owner.state.cancelled && launch.stage !== 'overdue') return undefined;
      const result = await launchStub(`launch ${launch.ordinal}: ${launch.units} units`).launchMachines({
        launch,
        notAfter: deadlineOf(this.#owner.state.input),
        prepare: this.#prepareInput(),
        ...(parameters ? { parameters } : {}),
        ...this.#runOrigin(),
      });
      await this.#mergeDiscovery(result);
      if (result.discovered) return undefined;
      if (!result.needsPreparation) return { ...(parameters ? { parameters } : {}), ...result };
      parameters = await this.#prepare();
      if (!parameters) return undefined;
    }
  }

  /**
   * @returns undefined when an earlier run, before a reset, has launched
   * @throws ActivityFailure when AWS refuses the preparation, or no attempt succeeds by the deadline
   */
  async #prepare(): Promise<LaunchParameters | undefined> {
    const input = this.#prepareInput();
    const stub = prepareStub(`prepare ${input.template.templateId}`, this.#owner.msUntilDeadline());
    const { parameters, ...discovery } = await stub.prepareLaunch({ ...input, ...this.#runOrigin() });
    await this.#mergeDiscovery(discovery);
    return parameters;
  }

  #settle(
    launch: Launch,
    result: LaunchResult,
    parameters: LaunchParameters | undefined,
    retryMs: number,
  ): void {
    this.#groups.settle(launch, result);
    if (!result.isConclusive && parameters)
      this.#owner.background.start('retry overdue launch', async () => {
        await sleep(retryMs, { summary: `check overdue launch ${launch.ordinal}` });
        const nextRetryMs = Math.min(retryMs * 2, MAX_OVERDUE_RETRY_MS);
        await this.#launch({ ...launch, stage: 'overdue' }, parameters, nextRetryMs);
      });
  }

  #settleEmpty(
    { ordinal }: Launch,
    outcome: { readonly shortages?: readonly Shortage[]; readonly fatalError?: Shortage } = {},
  ): void {
    this.#owner.apply({ type: 'LaunchSettled', ordinal, machines: [], shortages: [], ...outcome });
  }

  /**
   * A run after a reset possibly launches nothing, because the deadline has passed or AWS now rejects the launch. Host Factory
   * may use what the run before the reset launched, so that is discovered before the request settles.
   */
  async #discoverEarlierLaunches(): Promise<void> {
    const { owner, template } = this.#prepareInput();
    const summary = 'discover what was launched before a reset';
    for (;;) {
      const discovery = await launchStub(summary)
        .discoverLaunched({ owner, template, ...this.#runOrigin() })
        .catch((error: unknown) =>
          log.warn('earlier launches could not be discovered; the workflow tries again in a minute', {
            error,
          }),
        );
      if (discovery) return this.#mergeDiscovery(discovery);
      // The activity has no attempt limit: it fails only when an operator completes it with a failure.
      await sleep(MINUTE, { summary });
    }
  }

  /** Waits until every discovered group is frozen and its machines are known, before more is launched. */
  async #mergeDiscovery({ discoveryRunId, discovered }: Discovery): Promise<void> {
    if (discovered) {
      const machines = unpackMachines(discovered.machines);
      this.#owner.apply({ type: 'MachinesDiscovered', observations: machines });
      this.#bootWatch.watch(machines);
      this.#groups.adopt(discovered.groups);
      this.#owner.skipOrdinals();
    }
    this.#discoveryRunId = discoveryRunId ?? this.#discoveryRunId;
    if (discovered) await condition(() => !hasFillingGroup(this.#owner.state));
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
    if (!template) throw new TypeError('an adopter, which has no template, cannot launch');
    return {
      owner: { deployment, provider, requestId },
      template,
      count,
      createdAt,
      deadline: deadlineOf(input),
      ...(resolvedTemplate === undefined ? {} : { resolvedTemplate }),
    };
  }
}
