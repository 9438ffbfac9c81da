import { CancellationScope, condition, log, sleep } from '@temporalio/workflow';
import type { GroupInput, LaunchResult } from '../../contract/activities.ts';
import type { Group, Launch } from '../../domain/request/launch.ts';
import { deadlineOf, machinesPendingRelease } from '../../domain/request/state.ts';
import { launchStub, waitStub } from '../runtime/activityStubs.ts';
import type { BootWatch } from './bootWatch.ts';
import { FIRST_REPORT_SECONDS, type RequestOwner } from './requestOwner.ts';
import type { OrphanedGroup } from '../../contract/machineRequest.ts';

/** An activity that could not read AWS leaves a group unfrozen; freezing it is tried again after this time. */
const FREEZE_RETRY_MS = 5 * 60_000;
/** AWS may show what a group launched before its freeze this much later. */
const FROZEN_GROUP_RECHECK_MS = 60_000;

/** Lets the groups of a request fill, freezes them, and finds the machines that show up after the freeze. */
export class Groups {
  readonly #owner: RequestOwner;
  readonly #bootWatch: BootWatch;

  constructor(owner: RequestOwner, bootWatch: BootWatch) {
    this.#owner = owner;
    this.#bootWatch = bootWatch;
  }

  /** Waits until the group that a launch made, if any, is full or has to stop, and leaves it frozen. */
  async fill(launch: Launch, sent: LaunchResult): Promise<LaunchResult> {
    let result = sent;
    while (result.group && result.stage === 'filling') {
      const { group, machines } = result;
      const input = this.#groupInput(launch, group, machines.length);
      if (launch.stage === 'overdue') {
        // The request is settled: the machines are released, and a filling group would replace them.
        result = await this.#freeze(input);
      } else {
        this.#owner.apply({ type: 'GroupFilling', ordinal: launch.ordinal, group, machines });
        this.#bootWatch.watch(machines);
        result = await this.#awaitFullOrFreeze(input);
      }
    }
    return result;
  }

  /** Records the result of a launch. A group that may still show late machines is read again later. */
  settle(launch: Launch, result: LaunchResult): void {
    this.#record(launch, result);
    const { group, stage, machines } = result;
    if (result.isConclusive && group && stage === 'settling') {
      const input = this.#groupInput(launch, group, machines.length);
      this.#owner.tasks.start('recheck frozen group', () => this.#recheck(input));
    }
  }

  /** Freezes groups that another run or owner made, and adopts their machines. */
  adopt(groups: readonly OrphanedGroup[]): void {
    const knownIds = new Set(this.#owner.state.launches.map(({ group }) => group?.id));
    for (const { token, ...group } of groups.filter(({ id }) => !knownIds.has(id))) {
      const launch: Launch = {
        ordinal: this.#owner.lastOrdinal + 1,
        token,
        units: 0,
        decidedAt: Date.now(),
        stage: 'open',
        fulfilledUnits: 0,
        group,
      };
      this.#owner.decideLaunch(launch);
      this.#owner.tasks.start('adopt group', () => this.#freezeUntilConclusive(launch, group));
    }
  }

  async #freezeUntilConclusive(launch: Launch, group: Group): Promise<void> {
    for (;;) {
      // A deadline of now: AWS's first answer is conclusive.
      const input = { ...this.#groupInput(launch, group, 0), deadline: Date.now() };
      const result = await launchStub(`freeze ${group.id}`)
        .freezeGroup(input)
        .catch((error: unknown) =>
          log.warn('a group could not be frozen; retrying', { group: group.id, error }),
        );
      if (result?.isConclusive) {
        this.#record(launch, result);
        if (result.stage === 'settling') await this.#recheck(input);
        return;
      }
      // An adopter has no status to settle; a request that does settles without this group.
      if (!this.#owner.isAdopter) this.#owner.apply({ type: 'LaunchOverdue', ordinal: launch.ordinal });
      await sleep(FREEZE_RETRY_MS, { summary: `freeze ${group.id} again` });
    }
  }

  #record({ ordinal }: Launch, { isConclusive, machines, shortages, group }: LaunchResult): void {
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
    return this.#freeze(input);
  }

  #freeze(input: GroupInput): Promise<LaunchResult> {
    return launchStub(`freeze launch ${input.launch.ordinal}`).freezeGroup(input);
  }

  /** What a group launched just before its freeze may show up late, even after the request is settled. */
  async #recheck(input: GroupInput): Promise<void> {
    for (let membersAtFreeze = input.knownMembers; ;) {
      await sleep(FROZEN_GROUP_RECHECK_MS, { summary: `look for late machines of ${input.group.id}` });
      const result = await launchStub(`list ${input.group.id}`).freezeGroup({ ...input, membersAtFreeze });
      if (!result.isConclusive) continue;
      this.#record(input.launch, result);
      if (result.stage !== 'settling') return;
      membersAtFreeze = result.machines.length;
    }
  }

  #shouldFreeze(): boolean {
    return this.#owner.state.cancelled || machinesPendingRelease(this.#owner.state).length > 0;
  }
}
