import { CancelledFailure } from '@temporalio/activity';
import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { SETTLE_MS, type AcquireResult, type GroupInput } from '../../../contract/activities.ts';
import type { AwsClients } from '../client/clients.ts';
import { toReadFailure } from '../../runtime/failures.ts';
import type { InstanceReader, SeenInstance } from '../instance/instances.ts';
import { groupManager, type GroupManager, type GroupView, type Managers } from '../launch/launchMethod.ts';
import { readBefore } from '../instance/awaitRead.ts';
import { awsTags, TAG } from '../tags.ts';
import { createWatcher, type Watcher } from '../instance/readCoalescer.ts';
import type { LaunchedMachine } from '../../../domain/request/launch.ts';

/** How groups fill, are frozen and listed, whichever manager made them. */
export interface Groups {
  /**
   * Waits until the group is full or its deadline comes, and freezes it; or returns it as `filling` when it has
   * new members at `reportAt` (epoch ms), or at `leaveAt` in any case. Not `certain`: AWS could not be asked
   * until 20 minutes after the deadline.
   */
  awaitFull(input: GroupInput, times: FillTimes): Promise<AcquireResult>;
  /** Freezes it as it is. */
  freeze(input: GroupInput): Promise<AcquireResult>;
}

export interface FillTimes {
  readonly reportAt: number;
  readonly leaveAt: number;
}

export interface GroupSettings {
  /** Seconds between two looks. */
  readonly pollSeconds: number;
  readonly onReadError: (error: unknown) => void;
}

interface SeenGroup {
  /** Undefined: AWS does not know the group (yet, or any more). */
  readonly view: GroupView | undefined;
  /** All that AWS ever launched for it and still shows, dead ones as well. */
  readonly members: readonly SeenInstance[];
}

/** Values in one filter (AWS). */
const FILTER_VALUES = 200;
/** Ids that CreateTags takes in one call (AWS). */
const TAGGED_AT_ONCE = 1_000;

export function createGroups(
  clients: AwsClients,
  managers: Managers,
  reader: InstanceReader,
  settings: GroupSettings,
): Groups {
  const watchers = new Map<string, Watcher<SeenGroup>>();
  const watcherOf = (name: string): Watcher<SeenGroup> => {
    const known = watchers.get(name);
    if (known) return known;
    const watcher = createWatcher({
      read: (ids) => readGroups(groupManager(managers, name), reader, ids),
      paceSeconds: () => settings.pollSeconds,
      onError: settings.onReadError,
    });
    watchers.set(name, watcher);
    return watcher;
  };

  /** Before a member is reported it carries its owner: no book of ours is needed to give it back. */
  async function claim({ launch, requestId }: GroupInput, members: readonly SeenInstance[]): Promise<void> {
    const unclaimed = members.filter(({ tags }) => tags[TAG.launch] !== launch.token);
    for (let from = 0; from < unclaimed.length; from += TAGGED_AT_ONCE) {
      await clients.mutating.send(
        new CreateTagsCommand({
          Resources: unclaimed.slice(from, from + TAGGED_AT_ONCE).map(({ machineId }) => machineId),
          Tags: awsTags([
            [TAG.requestId, requestId],
            [TAG.launch, launch.token],
          ]),
        }),
      );
    }
  }

  async function freeze(input: GroupInput): Promise<AcquireResult> {
    const { launch, group, atFreeze } = input;
    const manager = groupManager(managers, group.manager);
    const look = async () => {
      const seen = await readGroups(manager, reader, [group.id]);
      return seen.get(group.id) ?? { view: undefined, members: [] };
    };
    const before = await look();
    await claim(input, before.members);
    if (!before.view?.frozen) await manager.freeze(group.id);
    const { members } = await look();
    const old = new Set(before.members.map(({ machineId }) => machineId));
    const late = members.filter(({ machineId }) => !old.has(machineId));
    await claim(input, late);
    // A full group has nothing on its way when it is frozen; for another, a second look must find no more.
    const calm = late.length === 0 && (isFull(input, members) || members.length === atFreeze);
    const short = unitsIn(input, members) < launch.units;
    return {
      certain: true,
      group,
      machines: members.map(toLaunched),
      shortages: short ? await manager.shortages(group.id).catch(() => []) : [],
      ...(calm ? {} : { stage: 'settling' as const }),
    };
  }

  async function awaitFull(input: GroupInput, { reportAt, leaveAt }: FillTimes): Promise<AcquireResult> {
    const { group, launch, known, deadline } = input;
    for (;;) {
      const read = await readBefore(watcherOf(group.manager), [group.id], deadline + SETTLE_MS);
      if (!read) return unknown(input);
      const { view, members } = read.get(group.id) ?? { view: undefined, members: [] };
      const now = Date.now();
      if (view?.frozen || now >= deadline || unitsIn(input, members) >= launch.units) return freeze(input);
      if (now >= leaveAt || (now >= reportAt && members.length > known)) {
        await claim(input, members);
        return { certain: true, group, machines: members.map(toLaunched), shortages: [], stage: 'filling' };
      }
    }
  }

  return {
    awaitFull: (input, times) => orUnknown(input, () => awaitFull(input, times)),
    freeze: (input) => orUnknown(input, () => freeze(input)),
  };
}

const unknown = ({ group }: GroupInput): AcquireResult => ({
  certain: false,
  group,
  machines: [],
  shortages: [],
});

/**
 * What fails here is always tried again, for the group exists: it must not be given up like a launch that AWS
 * refused. Only long after the deadline the request is answered without it.
 */
async function orUnknown(input: GroupInput, work: () => Promise<AcquireResult>): Promise<AcquireResult> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof CancelledFailure) throw error;
    if (Date.now() >= input.deadline + SETTLE_MS) return unknown(input);
    throw toReadFailure(error);
  }
}

/** One look at all these groups and their members. @throws ProviderError when any part could not be read */
async function readGroups(
  manager: GroupManager,
  reader: InstanceReader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, SeenGroup>> {
  const seen = new Map<string, { view: GroupView | undefined; members: SeenInstance[] }>();
  for (let from = 0; from < ids.length; from += FILTER_VALUES) {
    const some = ids.slice(from, from + FILTER_VALUES);
    for (const id of some) seen.set(id, { view: undefined, members: [] });
    const members = await reader.byFilter([{ Name: `tag:${manager.memberTag}`, Values: [...some] }]);
    for (const member of members) seen.get(member.tags[manager.memberTag] ?? '')?.members.push(member);
    for (const view of await manager.look(some)) {
      const group = seen.get(view.id);
      if (group) group.view = view;
    }
  }
  return seen;
}

const unitsIn = ({ weights }: GroupInput, members: readonly SeenInstance[]): number =>
  members.reduce((units, { instanceType }) => units + (weights[instanceType] ?? 1), 0);

/**
 * A group that an adopter takes over has no size in its book: it is never known to be full. A machine that ends may have
 * been replaced already.
 */
const isFull = (input: GroupInput, members: readonly SeenInstance[]): boolean =>
  input.launch.units > 0 &&
  unitsIn(
    input,
    members.filter(({ state }) => state === 'pending' || state === 'running'),
  ) >= input.launch.units;

const toLaunched = ({ machineId, instanceType, spot }: SeenInstance): LaunchedMachine => ({
  machineId,
  instanceType,
  spot,
});
