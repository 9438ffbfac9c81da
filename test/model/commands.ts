import { setTimeout as delay } from 'node:timers/promises';
import * as fc from 'fast-check';
import { ApplicationFailure } from '@temporalio/activity';
import type { Handle, WorkflowRig } from '../fixtures/temporal/workflowRig.ts';
import type { RequestStatus } from '../../domain/machine/machine.ts';
import {
  acknowledgeSignal,
  machinesObservedSignal,
  releaseUnacknowledgedSignal,
} from '../../contract/machineRequest.ts';

/** What Host Factory, AWS or an operator does next. What `pick` and `many` mean is the deed's. */
export interface Deed {
  readonly kind: keyof typeof DEEDS;
  readonly pick: number;
  readonly many: number;
}

/** The real workflows on a server that skips time, beside what was done to them and what they said. */
export interface World {
  readonly rig: WorkflowRig;
  readonly requests: Map<string, { readonly handle: Handle; readonly count: number }>;
  readonly returns: Map<string, Handle>;
  /** Machines that Host Factory gave back, and those that the monitor asked for before they were claimed. */
  readonly returned: Set<string>;
  readonly reclaimed: Set<string>;
  readonly claimed: Set<string>;
  /** Requests that were cancelled. */
  readonly cancelled: Set<string>;
  /** Machines that AWS ended or stopped by itself. */
  readonly taken: Set<string>;
  /** Final results that were told, by `wordOf`. */
  readonly told: Map<string, string>;
  /** Machines that a status has shown. */
  readonly shown: Set<string>;
  /** The final status of requests and returns. */
  readonly ended: Map<string, RequestStatus>;
  callsToFail: number;
  /** Machines that groups show late: no launch counted on them. */
  late: number;
  /** AWS could not tell of launches, or of what boots: what comes of them may be too late. */
  wasDark: boolean;
}

const SECONDS = [0, 1, 5, 30, 60, 600, 4_000] as const;
const MINUTES = [1, 30, 300] as const;

/** Key of what was told of a machine. */
export const wordOf = (id: string, machineId: string): string => `${id} ${machineId}`;

const pickOf = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)];

/**
 * Host Factory may give back what is gone already, and what it knows from AWS alone; but of a group only what it was
 * told, or a machine could be released while nobody knows yet that its group would replace it.
 */
function some({ rig: { cloud }, shown }: World, { pick, many }: Deed): string[] {
  const known = [...cloud.machines.keys()].filter((id) => cloud.groupMembers === undefined || shown.has(id));
  return known.filter((_, index) => (index + pick) % 3 === 0).slice(0, 1 + (many % 4));
}

const DEEDS = {
  async request(world: World, { pick, many }: Deed): Promise<void> {
    const count = 1 + (many % 6);
    const handle = await world.rig.startRequest(
      {
        count,
        deadlineSeconds: [900, 60, 3_600][pick % 3] ?? 900,
        ...(pick % 4 === 3 && { bootTimeoutSeconds: 120 }),
      },
      // A telling then outlasts the task that it is part of.
      many % 5 === 4 ? { workflowTaskTimeout: '1s' } : {},
    );
    world.requests.set(handle.workflowId, { handle, count });
  },
  async return(world: World, deed: Deed): Promise<void> {
    await giveBack(world, some(world, deed));
  },
  async cancel(world: World, { pick }: Deed): Promise<void> {
    const found = pickOf([...world.requests], pick);
    if (!found) return;
    world.cancelled.add(found[0]);
    await found[1].handle.cancel().catch(() => undefined);
  },
  /** Host Factory has read a status, and has its machines from then on. */
  async claim(world: World, { pick }: Deed): Promise<void> {
    const found = pickOf([...world.requests], pick);
    if (!found) return;
    const [requestId, { handle }] = found;
    const machineIds = [...world.rig.cloud.machines.values()]
      .filter(
        ({ owner, machineId }) =>
          owner === requestId && world.told.get(wordOf(requestId, machineId)) === 'succeed',
      )
      .map(({ machineId }) => machineId);
    for (const id of machineIds) world.claimed.add(id);
    await handle.signal(acknowledgeSignal, { v: 1, machineIds }).catch(() => undefined);
  },
  /** The monitor found that nobody claims them. */
  async reclaim(world: World, deed: Deed): Promise<void> {
    const machineIds = some(world, deed);
    for (const id of machineIds) if (!world.claimed.has(id)) world.reclaimed.add(id);
    for (const { handle } of world.requests.values())
      await handle.signal(releaseUnacknowledgedSignal, { v: 1, machineIds }).catch(() => undefined);
  },
  /** AWS takes a machine, or stops it; the monitor tells of it, or has yet to. */
  async take(world: World, { pick, many }: Deed): Promise<void> {
    const { cloud } = world.rig;
    const machine = cloud.machines.get(pickOf(cloud.live(), pick) ?? '');
    if (!machine) return;
    world.taken.add(machine.machineId);
    cloud.machines.set(machine.machineId, { ...machine, state: many % 3 === 0 ? 'stopped' : 'terminated' });
    if (many % 2 === 0) await tellOwner(world, machine.owner);
  },
  /** Templates of groups, from now on. */
  groups({ rig }: World, { many }: Deed): void {
    rig.cloud.groupMembers ??= many % 7;
  },
  capacity({ rig: { cloud } }: World, { many }: Deed): void {
    cloud.capacity = many % 9;
    if (cloud.groupMembers !== undefined) cloud.groupMembers = many % 9;
  },
  frozenLate: ({ rig }: World, { many }: Deed): void => void (rig.cloud.freezesToFail = many % 4),
  late(world: World, { many }: Deed): void {
    world.late += many % 3;
    world.rig.cloud.lateMembers = many % 3;
  },
  stuck: ({ rig }: World, { many }: Deed): void => void (rig.cloud.stuckOfEach = many % 3),
  outage: (world: World, { many }: Deed): void => void (world.callsToFail = many % 5),
  lostAnswers: ({ rig }: World, { many }: Deed): void => void (rig.cloud.answersToLose = many % 3),
  lostSignals: ({ rig }: World, { many }: Deed): void => void (rig.cloud.signalsToLose = many % 5),
  dark(world: World, { many }: Deed): void {
    world.wasDark = true;
    world.rig.cloud.launchesInTheDark = many % 3;
  },
  blind(world: World, { many }: Deed): void {
    world.wasDark = true;
    world.rig.cloud.blind = many % 2 === 0;
  },
  endsSlowly: ({ rig }: World, { many }: Deed): void => void (rig.cloud.endsSlowly = many % 2 === 0),
  /** No worker is there, for hours sometimes. */
  async away({ rig }: World, { pick }: Deed): Promise<void> {
    rig.cloud.away = true;
    await rig.env.sleep((MINUTES[pick % MINUTES.length] ?? 0) * 60_000);
    rig.cloud.away = false;
  },
  untold: ({ rig }: World, { many }: Deed): void => void (rig.cloud.publishingFails = many % 2 === 0),
  /** In real time: what is under way on a worker stops the clock. */
  toldSlowly: ({ rig }: World, { many }: Deed): void =>
    void (rig.cloud.publishingWaits = delay(100 * (many % 20))),
  protect({ rig }: World, { pick }: Deed): void {
    const id = pickOf(rig.cloud.live(), pick);
    if (id !== undefined) rig.cloud.protectedIds.add(id);
  },
  /** In all this life each workflow task may be a replay, as after a restart. */
  restarts: (): void => {},
  wait: ({ rig }: World, { pick }: Deed): Promise<void> =>
    rig.env.sleep((SECONDS[pick % SECONDS.length] ?? 0) * 1_000),
} as const;

export async function act(world: World, deed: Deed): Promise<void> {
  await DEEDS[deed.kind](world, deed);
}

export async function giveBack(world: World, machineIds: readonly string[]): Promise<void> {
  for (const id of machineIds) world.returned.add(id);
  const handle = await world.rig.startReturn(machineIds);
  world.returns.set(handle.workflowId, handle);
}

/** As the monitor does. */
export async function tellOwner({ rig, requests }: World, requestId: string): Promise<void> {
  const ids = [...rig.cloud.machines.values()].filter(({ owner }) => owner === requestId);
  const observations = ids.map(({ machineId }) => rig.cloud.see(machineId));
  await requests
    .get(requestId)
    ?.handle.signal(machinesObservedSignal, { v: 1, observations })
    .catch(() => undefined);
}

export function createWorld(rig: WorkflowRig): World {
  const world: World = {
    rig,
    requests: new Map(),
    returns: new Map(),
    returned: new Set(),
    reclaimed: new Set(),
    claimed: new Set(),
    cancelled: new Set(),
    taken: new Set(),
    told: new Map(),
    shown: new Set(),
    ended: new Map(),
    callsToFail: 0,
    late: 0,
    wasDark: false,
  };
  rig.cloud.onAcquire = async () => {
    if (world.callsToFail-- > 0)
      throw ApplicationFailure.create({
        type: 'Provider.ambiguous',
        message: 'no answer',
        nextRetryDelay: '5s',
      });
  };
  return world;
}

const number = fc.nat(255);
const OFTEN: readonly Deed['kind'][] = [
  'request',
  'return',
  'return',
  'take',
  'wait',
  'wait',
  'wait',
  'wait',
];
const KINDS = [...(Object.keys(DEEDS) as Deed['kind'][]), ...OFTEN];
const one = (...kinds: readonly Deed['kind'][]): fc.Arbitrary<Deed> =>
  fc.record({ kind: fc.constantFrom(...kinds), pick: number, many: number }, { noNullPrototype: true });

export const deeds: fc.Arbitrary<Deed[]> = fc
  .tuple(
    fc.array(one('groups', 'capacity', 'stuck'), { maxLength: 2 }),
    one('request'),
    fc.array(one(...KINDS), { maxLength: 14, size: 'max' }),
  )
  .map(([first, request, rest]) => [...first, request, ...rest]);
