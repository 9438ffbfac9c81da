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

/** The next action of Host Factory, AWS or an operator. The meaning of `pick` and `many` depends on the command. */
export interface Command {
  readonly kind: keyof typeof COMMANDS;
  readonly pick: number;
  readonly many: number;
}

/** The real workflows on a server that skips time, with the commands so far and the results that they reported. */
export interface World {
  readonly rig: WorkflowRig;
  readonly requests: Map<string, { readonly handle: Handle; readonly count: number }>;
  readonly returns: Map<string, Handle>;
  /** Machines that Host Factory returned. */
  readonly returned: Set<string>;
  /** Machines that the monitor asked their owner to release before they were acknowledged. */
  readonly releasedUnacknowledged: Set<string>;
  readonly acknowledged: Set<string>;
  /** Requests that were cancelled. */
  readonly cancelled: Set<string>;
  /** Machines that AWS terminated or stopped by itself. */
  readonly lost: Set<string>;
  /** Final results that a status reported, by `resultKey`. */
  readonly reported: Map<string, string>;
  /** Machines that appeared in a status. */
  readonly shown: Set<string>;
  /** The final status of requests and returns. */
  readonly finalStatuses: Map<string, RequestStatus>;
  callsToFail: number;
  /** Machines that a group lists only after its launch has settled. */
  lateMembers: number;
  /** Launches could not be discovered, or booting machines not read, so their machines may miss the deadline. */
  hadUncertainLaunches: boolean;
}

const SECONDS = [0, 1, 5, 30, 60, 600, 4_000] as const;
const MINUTES = [1, 30, 300] as const;

export const resultKey = (id: string, machineId: string): string => `${id} ${machineId}`;

const pickOf = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)];

/**
 * Host Factory may return machines that are terminated already, and machines that it found in AWS. Of a group it returns
 * only machines that appeared in a status: the owner of others may not know yet that the group would replace them.
 */
function pickMachines({ rig: { cloud }, shown }: World, { pick, many }: Command): string[] {
  const known = [...cloud.machines.keys()].filter((id) => cloud.groupMembers === undefined || shown.has(id));
  return known.filter((_, index) => (index + pick) % 3 === 0).slice(0, 1 + (many % 4));
}

const COMMANDS = {
  async request(world: World, { pick, many }: Command): Promise<void> {
    const count = 1 + (many % 6);
    const handle = await world.rig.startRequest(
      {
        count,
        deadlineSeconds: [900, 60, 3_600][pick % 3] ?? 900,
        ...(pick % 4 === 3 && { bootTimeoutSeconds: 120 }),
      },
      // A publication then takes longer than the workflow task that starts it.
      many % 5 === 4 ? { workflowTaskTimeout: '1s' } : {},
    );
    world.requests.set(handle.workflowId, { handle, count });
  },
  async return(world: World, command: Command): Promise<void> {
    await returnMachines(world, pickMachines(world, command));
  },
  async cancel(world: World, { pick }: Command): Promise<void> {
    const found = pickOf([...world.requests], pick);
    if (!found) return;
    world.cancelled.add(found[0]);
    await found[1].handle.cancel().catch(() => undefined);
  },
  /** Host Factory has read the machines that a status reports as `succeed`. */
  async acknowledge(world: World, { pick }: Command): Promise<void> {
    const found = pickOf([...world.requests], pick);
    if (!found) return;
    const [requestId, { handle }] = found;
    const machineIds = [...world.rig.cloud.machines.values()]
      .filter(
        ({ owner, machineId }) =>
          owner === requestId && world.reported.get(resultKey(requestId, machineId)) === 'succeed',
      )
      .map(({ machineId }) => machineId);
    for (const id of machineIds) world.acknowledged.add(id);
    await handle.signal(acknowledgeSignal, { v: 1, machineIds }).catch(() => undefined);
  },
  /** The monitor found machines that Host Factory neither acknowledged nor lists. */
  async releaseUnacknowledged(world: World, command: Command): Promise<void> {
    const machineIds = pickMachines(world, command);
    for (const id of machineIds) if (!world.acknowledged.has(id)) world.releasedUnacknowledged.add(id);
    for (const { handle } of world.requests.values())
      await handle.signal(releaseUnacknowledgedSignal, { v: 1, machineIds }).catch(() => undefined);
  },
  /** AWS terminates or stops a machine; the monitor signals it now, or has not yet read it. */
  async lose(world: World, { pick, many }: Command): Promise<void> {
    const { cloud } = world.rig;
    const machine = cloud.machines.get(pickOf(cloud.live(), pick) ?? '');
    if (!machine) return;
    world.lost.add(machine.machineId);
    cloud.machines.set(machine.machineId, { ...machine, state: many % 3 === 0 ? 'stopped' : 'terminated' });
    if (many % 2 === 0) await signalObservations(world, machine.owner);
  },
  /** From now on, templates launch groups. */
  useGroups({ rig }: World, { many }: Command): void {
    rig.cloud.groupMembers ??= many % 7;
  },
  setCapacity({ rig: { cloud } }: World, { many }: Command): void {
    cloud.capacity = many % 9;
    if (cloud.groupMembers !== undefined) cloud.groupMembers = many % 9;
  },
  failFreezes: ({ rig }: World, { many }: Command): void => void (rig.cloud.freezesToFail = many % 4),
  delayMembers(world: World, { many }: Command): void {
    world.lateMembers += many % 3;
    world.rig.cloud.lateMembers = many % 3;
  },
  blockBoots: ({ rig }: World, { many }: Command): void => void (rig.cloud.stuckOfEach = many % 3),
  failLaunchCalls: (world: World, { many }: Command): void => void (world.callsToFail = many % 5),
  loseAnswers: ({ rig }: World, { many }: Command): void => void (rig.cloud.answersToLose = many % 3),
  loseSignals: ({ rig }: World, { many }: Command): void => void (rig.cloud.signalsToLose = many % 5),
  hideLaunches(world: World, { many }: Command): void {
    world.hadUncertainLaunches = true;
    world.rig.cloud.launchesInTheDark = many % 3;
  },
  hideBootingMachines(world: World, { many }: Command): void {
    world.hadUncertainLaunches = true;
    world.rig.cloud.blind = many % 2 === 0;
  },
  terminateSlowly: ({ rig }: World, { many }: Command): void => void (rig.cloud.endsSlowly = many % 2 === 0),
  /** No worker runs, sometimes for hours. */
  async stopWorkers({ rig }: World, { pick }: Command): Promise<void> {
    rig.cloud.away = true;
    await rig.env.sleep((MINUTES[pick % MINUTES.length] ?? 0) * 60_000);
    rig.cloud.away = false;
  },
  failPublications: ({ rig }: World, { many }: Command): void =>
    void (rig.cloud.publishingFails = many % 2 === 0),
  /** In real time: an activity in progress stops the server from skipping time. */
  delayPublications: ({ rig }: World, { many }: Command): void =>
    void (rig.cloud.publishingWaits = delay(100 * (many % 20))),
  protect({ rig }: World, { pick }: Command): void {
    const id = pickOf(rig.cloud.live(), pick);
    if (id !== undefined) rig.cloud.protectedIds.add(id);
  },
  /** In the whole sequence, each workflow task may be a replay, as after a restart. */
  restartWorkers: (): void => {},
  wait: ({ rig }: World, { pick }: Command): Promise<void> =>
    rig.env.sleep((SECONDS[pick % SECONDS.length] ?? 0) * 1_000),
} as const;

export async function execute(world: World, command: Command): Promise<void> {
  await COMMANDS[command.kind](world, command);
}

export async function returnMachines(world: World, machineIds: readonly string[]): Promise<void> {
  for (const id of machineIds) world.returned.add(id);
  const handle = await world.rig.startReturn(machineIds);
  world.returns.set(handle.workflowId, handle);
}

/** Signals the machines of an owner as the monitor does. */
export async function signalObservations({ rig, requests }: World, requestId: string): Promise<void> {
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
    releasedUnacknowledged: new Set(),
    acknowledged: new Set(),
    cancelled: new Set(),
    lost: new Set(),
    reported: new Map(),
    shown: new Set(),
    finalStatuses: new Map(),
    callsToFail: 0,
    lateMembers: 0,
    hadUncertainLaunches: false,
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
/** Added to all kinds, so that these occur more often. */
const FREQUENT_KINDS: readonly Command['kind'][] = [
  'request',
  'return',
  'return',
  'lose',
  'wait',
  'wait',
  'wait',
  'wait',
];
const KINDS = [...(Object.keys(COMMANDS) as Command['kind'][]), ...FREQUENT_KINDS];
const commandOf = (...kinds: readonly Command['kind'][]): fc.Arbitrary<Command> =>
  fc.record({ kind: fc.constantFrom(...kinds), pick: number, many: number }, { noNullPrototype: true });

export const commands: fc.Arbitrary<Command[]> = fc
  .tuple(
    fc.array(commandOf('useGroups', 'setCapacity', 'blockBoots'), { maxLength: 2 }),
    commandOf('request'),
    fc.array(commandOf(...KINDS), { maxLength: 14, size: 'max' }),
  )
  .map(([first, request, rest]) => [...first, request, ...rest]);
