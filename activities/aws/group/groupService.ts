import { CancelledFailure } from '@temporalio/activity';
import { CreateTagsCommand } from '../client/ec2.ts';
import { SETTLE_MS, type LaunchResult, type GroupInput } from '../../../contract/activities.ts';
import type { AwsClients } from '../client/clients.ts';
import { toReadFailure } from '../../runtime/failures.ts';
import type { InstanceReader, InstanceObservation } from '../instance/instanceReader.ts';
import {
  groupMethodNamed,
  type GroupLaunchMethod,
  type GroupStatus,
  type LaunchMethods,
} from '../launch/methods/launchMethod.ts';
import { nextReadBefore } from '../instance/awaitRead.ts';
import { toAwsTags, TAG } from '../tags.ts';
import { createReadCoalescer, type ReadCoalescer } from '../instance/readCoalescer.ts';
import type { LaunchedMachine } from '../../../domain/request/launch.ts';
import { batchesOf } from '../../../domain/request/launch.ts';

/** Fills and freezes groups of every launch method. */
export interface GroupService {
  /**
   * Waits until the group is full or its deadline passes, then freezes it. Returns it as `filling` if it has new members
   * at `reportAt`, or in any case at `returnBy` (epoch ms). Not `isConclusive`: AWS could not be read until SETTLE_MS
   * (20 minutes) after the deadline.
   */
  awaitFull(input: GroupInput, times: FillTimes): Promise<LaunchResult>;
  /** Freezes the group in its present state. */
  freeze(input: GroupInput): Promise<LaunchResult>;
}

export interface FillTimes {
  readonly reportAt: number;
  readonly returnBy: number;
}

export interface GroupSettings {
  /** Seconds between two reads. */
  readonly pollSeconds: number;
  readonly onReadError: (error: unknown) => void;
}

interface ObservedGroup {
  /** Undefined: unknown to AWS (not yet, or no longer). */
  readonly status: GroupStatus | undefined;
  /** Every member that AWS still shows, terminated ones included. */
  readonly members: readonly InstanceObservation[];
}

/** Values in one filter (AWS). */
const MAX_FILTER_VALUES = 200;
/** Ids that CreateTags takes in one call (AWS). */
const MAX_TAGGED_RESOURCES = 1_000;

export function createGroupService(
  clients: AwsClients,
  launchMethods: LaunchMethods,
  reader: InstanceReader,
  settings: GroupSettings,
): GroupService {
  const coalescers = new Map<string, ReadCoalescer<ObservedGroup>>();
  const coalescerFor = (name: string): ReadCoalescer<ObservedGroup> => {
    const known = coalescers.get(name);
    if (known) return known;
    const coalescer = createReadCoalescer({
      read: (ids) => readGroups(groupMethodNamed(launchMethods, name), reader, ids),
      intervalSeconds: () => settings.pollSeconds,
      onError: settings.onReadError,
    });
    coalescers.set(name, coalescer);
    return coalescer;
  };

  /** Tags each member before it is reported, so that it can be released without any record of ours. */
  async function tagMembers(
    { launch, requestId }: GroupInput,
    members: readonly InstanceObservation[],
  ): Promise<void> {
    const untagged = members.filter(({ tags }) => tags[TAG.launch] !== launch.token);
    for (let from = 0; from < untagged.length; from += MAX_TAGGED_RESOURCES) {
      await clients.mutating.send(
        new CreateTagsCommand({
          Resources: untagged.slice(from, from + MAX_TAGGED_RESOURCES).map(({ machineId }) => machineId),
          Tags: toAwsTags([
            [TAG.requestId, requestId],
            [TAG.launch, launch.token],
          ]),
        }),
      );
    }
  }

  async function freeze(input: GroupInput): Promise<LaunchResult> {
    const { launch, group, membersAtFreeze } = input;
    const method = groupMethodNamed(launchMethods, group.launchMethod);
    const readGroup = async () => {
      const observed = await readGroups(method, reader, [group.id]);
      return observed.get(group.id) ?? { status: undefined, members: [] };
    };
    const before = await readGroup();
    await tagMembers(input, before.members);
    if (!before.status?.isFrozen) await method.freeze(group.id);
    const { members } = await readGroup();
    const knownIds = new Set(before.members.map(({ machineId }) => machineId));
    const lateMembers = members.filter(({ machineId }) => !knownIds.has(machineId));
    await tagMembers(input, lateMembers);
    // A full group has nothing in flight when it is frozen; any other needs a second read without new members.
    const isStable =
      lateMembers.length === 0 && (isFull(input, members) || members.length === membersAtFreeze);
    const isShort = unitsIn(input, members) < launch.units;
    return {
      isConclusive: true,
      group,
      machines: members.map(toLaunchedMachine),
      shortages: isShort ? await method.shortages(group.id).catch(() => []) : [],
      ...(isStable ? {} : { stage: 'settling' as const }),
    };
  }

  async function awaitFull(input: GroupInput, { reportAt, returnBy }: FillTimes): Promise<LaunchResult> {
    const { group, launch, knownMembers, deadline } = input;
    for (;;) {
      const read = await nextReadBefore(coalescerFor(group.launchMethod), [group.id], deadline + SETTLE_MS);
      if (!read) return uncertainResult(input);
      const { status, members } = read.get(group.id) ?? { status: undefined, members: [] };
      const now = Date.now();
      if (status?.isFrozen || now >= deadline || unitsIn(input, members) >= launch.units)
        return freeze(input);
      if (now >= returnBy || (now >= reportAt && members.length > knownMembers)) {
        await tagMembers(input, members);
        return {
          isConclusive: true,
          group,
          machines: members.map(toLaunchedMachine),
          shortages: [],
          stage: 'filling',
        };
      }
    }
  }

  return {
    awaitFull: (input, times) => uncertainAfterDeadline(input, () => awaitFull(input, times)),
    freeze: (input) => uncertainAfterDeadline(input, () => freeze(input)),
  };
}

const uncertainResult = ({ group }: GroupInput): LaunchResult => ({
  isConclusive: false,
  group,
  machines: [],
  shortages: [],
});

/**
 * Failures are always retried: the group exists and must not be abandoned like a rejected launch. Only SETTLE_MS after
 * the deadline is the request answered without it.
 */
async function uncertainAfterDeadline(
  input: GroupInput,
  work: () => Promise<LaunchResult>,
): Promise<LaunchResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    if (Date.now() >= input.deadline + SETTLE_MS) return uncertainResult(input);
    throw toReadFailure(error);
  }
}

/** One complete read of these groups and their members. @throws ProviderError if any part failed */
async function readGroups(
  method: GroupLaunchMethod,
  reader: InstanceReader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ObservedGroup>> {
  const observed = new Map<string, { status: GroupStatus | undefined; members: InstanceObservation[] }>();
  for (const batch of batchesOf(ids, MAX_FILTER_VALUES)) {
    for (const id of batch) observed.set(id, { status: undefined, members: [] });
    const members = await reader.describeByFilter([{ Name: `tag:${method.memberTag}`, Values: [...batch] }]);
    for (const member of members) observed.get(member.tags[method.memberTag] ?? '')?.members.push(member);
    for (const status of await method.describe(batch)) {
      const group = observed.get(status.id);
      if (group) group.status = status;
    }
  }
  return observed;
}

const unitsIn = ({ weights }: GroupInput, members: readonly InstanceObservation[]): number =>
  members.reduce((units, { instanceType }) => units + (weights[instanceType] ?? 1), 0);

/**
 * A group that an adopter took over has no known size and never counts as full. A machine that is shutting down may
 * already have been replaced.
 */
const isFull = (input: GroupInput, members: readonly InstanceObservation[]): boolean =>
  input.launch.units > 0 &&
  unitsIn(
    input,
    members.filter(({ state }) => state === 'pending' || state === 'running'),
  ) >= input.launch.units;

const toLaunchedMachine = ({ machineId, instanceType, spot }: InstanceObservation): LaunchedMachine => ({
  machineId,
  instanceType,
  spot,
});
