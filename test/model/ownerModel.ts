import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { launchToken, type Launch } from '../../domain/request/launch.ts';
import type { MachineState, Observation } from '../../domain/machine/machine.ts';
import { canSettle, reduce, type RequestFact } from '../../domain/request/reducer.ts';
import {
  bootingMachines,
  toCarriedRequestState,
  initialRequestState,
  hasOverdueLaunch,
  hasOpenLaunch,
  missingUnits,
  machinesPendingRelease,
  type RequestState,
} from '../../domain/request/state.ts';
import { returnOutcomeOf } from '../../domain/request/status.ts';
import { anObservation, aTemplate } from '../fixtures/builders.ts';

/** The next step. The meaning of `pick` and `many` depends on the kind; a step that is impossible now has no effect. */
export interface Step {
  readonly kind: keyof typeof STEPS;
  readonly pick: number;
  readonly many: number;
}

/** One request: the owner's state, and the actual state of the cloud. */
interface World {
  state: RequestState;
  isPastDeadline: boolean;
  readonly count: number;
  /** The actual state of each machine, by machine id. */
  readonly cloud: Map<string, MachineState>;
  /** The machines of launches that AWS has not answered yet, by ordinal. */
  readonly open: Map<number, readonly string[]>;
  /** Releases that AWS has not answered. */
  releases: (readonly string[])[];
  /** All machines that Host Factory returned. */
  readonly returned: Set<string>;
  /** The machines of each return, by return id. */
  readonly requestedReturns: Map<string, readonly string[]>;
  readonly answered: Set<string>;
  /** The final results that Host Factory has read, by machine id. */
  readonly reported: Map<string, string>;
  /** Machines that the owner's state had as terminated. */
  readonly terminated: Set<string>;
  returns: number;
}

const pickOf = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)];

function apply(world: World, fact: RequestFact): void {
  world.state = reduce(world.state, fact);
}

const observe = (world: World, id: string): Observation =>
  anObservation(id, { state: world.cloud.get(id) ?? 'absent' });

/** The facts that the workflow reports, under the conditions under which it reports them. */
const STEPS = {
  /** AWS receives a launch and fulfills a part of it; the answer comes later, or never. */
  launch(world: World, { many }: Step) {
    const { state } = world;
    const units = missingUnits(state);
    if (units === 0 || world.isPastDeadline || state.fatalError || state.phase === 'settled') return;
    const ordinal = state.launches.length + 1;
    const { deployment, requestId } = state.input;
    const token = launchToken(deployment, requestId, ordinal);
    const launch: Launch = { ordinal, token, units, decidedAt: 0, stage: 'open', fulfilledUnits: 0 };
    apply(world, { type: 'LaunchDecided', launch });
    const ids = Array.from({ length: many % (units + 1) }, (_, index) => `i-${ordinal}-${index}`);
    for (const id of ids) world.cloud.set(id, 'pending');
    world.open.set(ordinal, ids);
  },
  answer(world: World, { pick }: Step) {
    const found = pickOf([...world.open], pick);
    if (!found) return;
    const [ordinal, ids] = found;
    world.open.delete(ordinal);
    const machines = ids.map((machineId) => ({ machineId, instanceType: 't3.medium', spot: false }));
    apply(world, { type: 'LaunchSettled', ordinal, machines, shortages: [] });
  },
  refuse(world: World, { pick }: Step) {
    const found = pickOf(
      [...world.open].filter(([, ids]) => ids.length === 0),
      pick,
    );
    if (!found) return;
    world.open.delete(found[0]);
    const fatalError = { offering: 'all', code: 'InvalidAMIID.NotFound', message: 'no' };
    apply(world, { type: 'LaunchSettled', ordinal: found[0], machines: [], shortages: [], fatalError });
  },
  overdue(world: World, { pick }: Step) {
    const found = pickOf([...world.open.keys()], pick);
    if (found !== undefined && world.isPastDeadline) apply(world, { type: 'LaunchOverdue', ordinal: found });
  },
  deadline(world: World) {
    world.isPastDeadline = true;
  },
  /** A read of the booting machines; then the deadline is checked. */
  watch(world: World) {
    const ids = bootingMachines(world.state).map(({ machineId }) => machineId);
    apply(world, { type: 'MachinesObserved', observations: ids.map((id) => observe(world, id)) });
    if (world.isPastDeadline) apply(world, { type: 'DeadlinePassed', machineIds: ids });
  },
  boot: (world: World, { pick }: Step) => changeState(world, pick, ['pending'], 'running'),
  terminate: (world: World, { pick }: Step) => changeState(world, pick, ['pending', 'running'], 'terminated'),
  stop: (world: World, { pick }: Step) => changeState(world, pick, ['pending', 'running'], 'stopped'),
  /** The monitor signals a machine; AWS may not show it for a moment. */
  observe(world: World, { pick, many }: Step) {
    const id = pickOf([...world.state.machines.keys()], pick);
    if (id === undefined) return;
    const observation =
      many % 4 === 0 ? anObservation(id, { state: 'absent', name: '', privateIp: '' }) : observe(world, id);
    apply(world, { type: 'MachinesObserved', observations: [observation] });
  },
  /** Also of a machine whose launch has not settled: Host Factory may have found it in AWS. */
  return(world: World, { pick, many }: Step) {
    const ids = [...world.cloud.keys()]
      .filter((_, index) => (pick >> (index % 8)) % 2 === 1)
      .slice(0, 1 + (many % 4));
    if (ids.length === 0) return;
    const returnId = many % 5 === 0 && world.returns > 0 ? `ret-${world.returns}` : `ret-${++world.returns}`;
    for (const id of ids) world.returned.add(id);
    // A part of a return that comes after the answer to another part is answered by itself.
    const before = world.answered.has(returnId) ? [] : (world.requestedReturns.get(returnId) ?? []);
    world.requestedReturns.set(returnId, [...new Set([...before, ...ids])]);
    world.answered.delete(returnId);
    apply(world, {
      type: 'ReturnRequested',
      request: { returnId, machines: ids.map((id) => observe(world, id)) },
    });
  },
  cancel: (world: World) => apply(world, { type: 'CancelRequested' }),
  release(world: World) {
    const machineIds = machinesPendingRelease(world.state).map(({ machineId }) => machineId);
    if (machineIds.length === 0) return;
    apply(world, { type: 'TerminationStarted', machineIds });
    world.releases.push(machineIds);
  },
  /** AWS may refuse a part of each release; it terminates the others. */
  released(world: World, { pick, many }: Step) {
    const ids = pickOf(world.releases, pick);
    if (!ids) return;
    world.releases = world.releases.filter((pending) => pending !== ids);
    // A refused machine may have terminated since: AWS's answer may be stale.
    const refused = ids.filter((_, index) => (many >> (index % 8)) % 2 === 1);
    const terminated = ids.filter((id) => !refused.includes(id));
    for (const id of terminated) world.cloud.set(id, 'terminated');
    if (refused.length > 0)
      apply(world, {
        type: 'TerminationRefused',
        refused: refused.map((machineId) => ({ machineId, message: 'protected' })),
      });
    apply(world, { type: 'MachinesObserved', observations: terminated.map((id) => observe(world, id)) });
  },
  retry(world: World) {
    const machines = [...world.state.machines.values()].filter(({ release }) => release === 'refused');
    apply(world, { type: 'TerminationRetried', machineIds: machines.map(({ machineId }) => machineId) });
  },
  settle(world: World) {
    if (canSettle(world.state, world.isPastDeadline)) apply(world, { type: 'Settled' });
  },
  answerReturns(world: World) {
    for (const [returnId, machineIds] of world.state.openReturns) {
      const answer = returnOutcomeOf(world.state, 'owner', machineIds);
      if (!answer) continue;
      for (const { machineId, result } of answer.machines)
        if (result === 'succeed')
          assert.equal(world.cloud.get(machineId), 'terminated', `${machineId} still runs`);
      assert.deepEqual(
        new Set(answer.machines.map(({ machineId }) => machineId)),
        new Set(world.requestedReturns.get(returnId)),
      );
      world.answered.add(returnId);
      apply(world, { type: 'ReturnAnswered', returnId });
    }
  },
  /** The next run does not have the releases in progress; it starts them again. */
  continueAsNew(world: World) {
    const { state } = world;
    if (state.phase !== 'settled' || hasOpenLaunch(state) || hasOverdueLaunch(state)) return;
    world.releases = [];
    const carriedState: RequestState['input']['carriedState'] = JSON.parse(
      JSON.stringify(toCarriedRequestState(state)),
    );
    world.state = initialRequestState({ ...state.input, ...(carriedState ? { carriedState } : {}) });
  },
} as const;

/** The cloud changes one machine's state by itself. */
function changeState(world: World, pick: number, from: readonly MachineState[], to: MachineState): void {
  const id = pickOf(
    [...world.cloud].filter(([, state]) => from.includes(state)),
    pick,
  );
  if (id) world.cloud.set(id[0], to);
}

/** Checks the invariants. */
function check(world: World): void {
  const { state, cloud, reported } = world;
  assert.ok(cloud.size <= world.count, `${cloud.size} launched of ${world.count}`);
  const unsettled = new Set([...world.open.values()].flat());
  for (const [id, now] of cloud) {
    const machine = state.machines.get(id);
    assert.ok(machine || unsettled.has(id), `the owner's state lacks ${id}`);
    if (!machine) continue;
    if (machine.release === 'terminated') {
      assert.equal(now, 'terminated', `the owner's state has ${id} as terminated`);
      world.terminated.add(id);
    } else assert.ok(!world.terminated.has(id), `the owner's state no longer has ${id} as terminated`);
    const before = reported.get(id);
    if (before !== undefined) assert.equal(machine.result, before, `the result of ${id} changed`);
    if (machine.result !== 'executing') reported.set(id, machine.result);
    const mayEnd = world.returned.has(id) || state.cancelled || machine.result === 'fail';
    if (!mayEnd)
      assert.ok(
        machine.release === 'held' || machine.release === 'terminated',
        `${id} is released without a reason`,
      );
    if (mayEnd) assert.notEqual(machine.release, 'held', `${id} is held without a reason`);
  }
  if (state.phase === 'settled')
    assert.deepEqual(bootingMachines(state), [], 'an answered request still boots');
  for (const [returnId] of world.requestedReturns)
    assert.ok(
      world.answered.has(returnId) || state.openReturns.has(returnId),
      `the owner's state lacks ${returnId}`,
    );
}

/** Checks that the request settles and every release ends once the cloud answers again. */
function drain(world: World): void {
  const step = (kind: Step['kind']): void => execute(world, { kind, pick: 0, many: 0 });
  step('deadline');
  for (let round = 0; round < 20; round++) {
    for (const kind of [
      'answer',
      'boot',
      'watch',
      'settle',
      'retry',
      'release',
      'released',
      'answerReturns',
    ] as const)
      step(kind);
  }
  assert.equal(world.state.phase, 'settled');
  assert.deepEqual([...world.state.openReturns.keys()], [], 'returns without an answer');
  assert.deepEqual(machinesPendingRelease(world.state), []);
}

function execute(world: World, step: Step): void {
  STEPS[step.kind](world, step);
  check(world);
}

/** Runs steps for a request of `count` machines. @throws AssertionError after the first step that breaks an invariant */
export function runSequence(count: number, steps: readonly Step[]): void {
  const world: World = {
    state: initialRequestState({
      v: 1,
      requestId: 'req-0198c0de-0000-7000-8000-000000000000',
      deployment: 'test',
      provider: 'awsinst',
      createdAt: 0,
      count,
      template: aTemplate(),
      deadlineSeconds: 60,
    }),
    isPastDeadline: false,
    count,
    cloud: new Map(),
    open: new Map(),
    releases: [],
    returned: new Set(),
    requestedReturns: new Map(),
    answered: new Set(),
    reported: new Map(),
    terminated: new Set(),
    returns: 0,
  };
  for (const step of steps) execute(world, step);
  drain(world);
}

const KINDS = Object.keys(STEPS) as Step['kind'][];
const number = fc.nat(255);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), pick: number, many: number }, { noNullPrototype: true }),
  { maxLength: 40, size: 'max' },
);
