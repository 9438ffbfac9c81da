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

/** What may happen next. What `pick` and `many` mean is the step's; one that is not possible now does nothing. */
export interface Step {
  readonly kind: keyof typeof STEPS;
  readonly pick: number;
  readonly many: number;
}

/** One request with the cloud as it really is, beside what the ledger believes. */
interface World {
  state: RequestState;
  isPastDeadline: boolean;
  readonly count: number;
  /** What really is, by machineId. */
  readonly cloud: Map<string, MachineState>;
  /** Machines of launches whose answer has not come. */
  readonly open: Map<number, readonly string[]>;
  /** Releases that AWS has not answered. */
  releases: (readonly string[])[];
  /** What Host Factory gave back, ever. */
  readonly returned: Set<string>;
  readonly asked: Map<string, readonly string[]>;
  readonly answered: Set<string>;
  /** What Host Factory was told, by machineId: for good. */
  readonly told: Map<string, string>;
  /** What the ledger has called gone. */
  readonly gone: Set<string>;
  returns: number;
}

const pickOf = <T>(items: readonly T[], pick: number): T | undefined =>
  items[pick % Math.max(1, items.length)];

function happen(world: World, fact: RequestFact): void {
  world.state = reduce(world.state, fact);
}

const seenNow = (world: World, id: string): Observation =>
  anObservation(id, { state: world.cloud.get(id) ?? 'absent' });

/** As the workflow does: what it reports, and when. */
const STEPS = {
  /** AWS hears of a launch and makes some of it; the answer comes later, or never. */
  launch(world: World, { many }: Step) {
    const { state } = world;
    const units = missingUnits(state);
    if (units === 0 || world.isPastDeadline || state.fatalError || state.phase === 'settled') return;
    const ordinal = state.launches.length + 1;
    const { deployment, requestId } = state.input;
    const token = launchToken(deployment, requestId, ordinal);
    const launch: Launch = { ordinal, token, units, decidedAt: 0, stage: 'open', fulfilledUnits: 0 };
    happen(world, { type: 'LaunchDecided', launch });
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
    happen(world, { type: 'LaunchSettled', ordinal, machines, shortages: [] });
  },
  refuse(world: World, { pick }: Step) {
    const found = pickOf(
      [...world.open].filter(([, ids]) => ids.length === 0),
      pick,
    );
    if (!found) return;
    world.open.delete(found[0]);
    const fatalError = { offering: 'all', code: 'InvalidAMIID.NotFound', message: 'no' };
    happen(world, { type: 'LaunchSettled', ordinal: found[0], machines: [], shortages: [], fatalError });
  },
  overdue(world: World, { pick }: Step) {
    const found = pickOf([...world.open.keys()], pick);
    if (found !== undefined && world.isPastDeadline) happen(world, { type: 'LaunchOverdue', ordinal: found });
  },
  deadline(world: World) {
    world.isPastDeadline = true;
  },
  /** A read of those that boot, after which the deadline is judged. */
  watch(world: World) {
    const ids = bootingMachines(world.state).map(({ machineId }) => machineId);
    happen(world, { type: 'MachinesObserved', observations: ids.map((id) => seenNow(world, id)) });
    if (world.isPastDeadline) happen(world, { type: 'DeadlinePassed', machineIds: ids });
  },
  boot: (world: World, { pick }: Step) => turn(world, pick, ['pending'], 'running'),
  die: (world: World, { pick }: Step) => turn(world, pick, ['pending', 'running'], 'terminated'),
  stop: (world: World, { pick }: Step) => turn(world, pick, ['pending', 'running'], 'stopped'),
  /** The monitor tells of one; AWS may not show it for a moment. */
  see(world: World, { pick, many }: Step) {
    const id = pickOf([...world.state.machines.keys()], pick);
    if (id === undefined) return;
    const sighting =
      many % 4 === 0 ? anObservation(id, { state: 'absent', name: '', privateIp: '' }) : seenNow(world, id);
    happen(world, { type: 'MachinesObserved', observations: [sighting] });
  },
  /** Also of a machine that the launch has not told of yet: Host Factory may know it from AWS. */
  return(world: World, { pick, many }: Step) {
    const ids = [...world.cloud.keys()]
      .filter((_, index) => (pick >> (index % 8)) % 2 === 1)
      .slice(0, 1 + (many % 4));
    if (ids.length === 0) return;
    const returnId = many % 5 === 0 && world.returns > 0 ? `ret-${world.returns}` : `ret-${++world.returns}`;
    for (const id of ids) world.returned.add(id);
    // A part of a return that comes after the answer to another part is answered by itself.
    const before = world.answered.has(returnId) ? [] : (world.asked.get(returnId) ?? []);
    world.asked.set(returnId, [...new Set([...before, ...ids])]);
    world.answered.delete(returnId);
    happen(world, {
      type: 'ReturnRequested',
      request: { returnId, machines: ids.map((id) => seenNow(world, id)) },
    });
  },
  cancel: (world: World) => happen(world, { type: 'CancelRequested' }),
  release(world: World) {
    const machineIds = machinesPendingRelease(world.state).map(({ machineId }) => machineId);
    if (machineIds.length === 0) return;
    happen(world, { type: 'TerminationStarted', machineIds });
    world.releases.push(machineIds);
  },
  /** Of each some may be refused; the others go, at the latest when they are waited for. */
  released(world: World, { pick, many }: Step) {
    const ids = pickOf(world.releases, pick);
    if (!ids) return;
    world.releases = world.releases.filter((one) => one !== ids);
    // Also of one that has died since: AWS's word of it may be old.
    const kept = ids.filter((_, index) => (many >> (index % 8)) % 2 === 1);
    const gone = ids.filter((id) => !kept.includes(id));
    for (const id of gone) world.cloud.set(id, 'terminated');
    if (kept.length > 0)
      happen(world, {
        type: 'TerminationRefused',
        refused: kept.map((machineId) => ({ machineId, message: 'protected' })),
      });
    happen(world, { type: 'MachinesObserved', observations: gone.map((id) => seenNow(world, id)) });
  },
  retry(world: World) {
    const machines = [...world.state.machines.values()].filter(({ release }) => release === 'refused');
    happen(world, { type: 'TerminationRetried', machineIds: machines.map(({ machineId }) => machineId) });
  },
  settle(world: World) {
    if (canSettle(world.state, world.isPastDeadline)) happen(world, { type: 'Settled' });
  },
  tell(world: World) {
    for (const [returnId, machineIds] of world.state.openReturns) {
      const answer = returnOutcomeOf(world.state, 'owner', machineIds);
      if (!answer) continue;
      for (const { machineId, result } of answer.machines)
        if (result === 'succeed')
          assert.equal(world.cloud.get(machineId), 'terminated', `${machineId} lives on`);
      assert.deepEqual(
        new Set(answer.machines.map(({ machineId }) => machineId)),
        new Set(world.asked.get(returnId)),
      );
      world.answered.add(returnId);
      happen(world, { type: 'ReturnAnswered', returnId });
    }
  },
  /** The next run: releases under way are forgotten there, and begin again. */
  renew(world: World) {
    const { state } = world;
    if (state.phase !== 'settled' || hasOpenLaunch(state) || hasOverdueLaunch(state)) return;
    world.releases = [];
    const carriedState: RequestState['input']['carriedState'] = JSON.parse(
      JSON.stringify(toCarriedRequestState(state)),
    );
    world.state = initialRequestState({ ...state.input, ...(carriedState ? { carriedState } : {}) });
  },
} as const;

/** The cloud's own doing; a machine that is told to go only goes. */
function turn(world: World, pick: number, from: readonly MachineState[], to: MachineState): void {
  const id = pickOf(
    [...world.cloud].filter(([, state]) => from.includes(state)),
    pick,
  );
  if (id) world.cloud.set(id[0], to);
}

/** What must be true at every moment. */
function check(world: World): void {
  const { state, cloud, told } = world;
  assert.ok(cloud.size <= world.count, `${cloud.size} launched of ${world.count}`);
  const onTheWay = new Set([...world.open.values()].flat());
  for (const [id, now] of cloud) {
    const machine = state.machines.get(id);
    assert.ok(machine || onTheWay.has(id), `${id} is forgotten`);
    if (!machine) continue;
    if (machine.release === 'terminated') {
      assert.equal(now, 'terminated', `${id} is believed gone`);
      world.gone.add(id);
    } else assert.ok(!world.gone.has(id), `${id} is no longer believed gone`);
    const before = told.get(id);
    if (before !== undefined) assert.equal(machine.result, before, `the result of ${id} changed`);
    if (machine.result !== 'executing') told.set(id, machine.result);
    const mayGo = world.returned.has(id) || state.cancelled || machine.result === 'fail';
    if (!mayGo)
      assert.ok(
        machine.release === 'held' || machine.release === 'terminated',
        `${id} is killed and should live`,
      );
    if (mayGo) assert.notEqual(machine.release, 'held', `${id} is kept and nobody wants it`);
  }
  if (state.phase === 'settled')
    assert.deepEqual(bootingMachines(state), [], 'an answered request still boots');
  for (const [returnId] of world.asked)
    assert.ok(world.answered.has(returnId) || state.openReturns.has(returnId), `${returnId} is forgotten`);
}

/** Whatever was before: with a cloud that answers, everything comes to its end. */
function drain(world: World): void {
  const step = (kind: Step['kind']): void => play(world, { kind, pick: 0, many: 0 });
  step('deadline');
  for (let round = 0; round < 20; round++) {
    for (const kind of ['answer', 'boot', 'watch', 'settle', 'retry', 'release', 'released', 'tell'] as const)
      step(kind);
  }
  assert.equal(world.state.phase, 'settled');
  assert.deepEqual([...world.state.openReturns.keys()], [], 'returns without an answer');
  assert.deepEqual(machinesPendingRelease(world.state), []);
}

function play(world: World, step: Step): void {
  STEPS[step.kind](world, step);
  check(world);
}

/** A life of a request of `count` machines. @throws AssertionError at the first step after which something is wrong */
export function live(count: number, steps: readonly Step[]): void {
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
    asked: new Map(),
    answered: new Set(),
    told: new Map(),
    gone: new Set(),
    returns: 0,
  };
  for (const step of steps) play(world, step);
  drain(world);
}

const KINDS = Object.keys(STEPS) as Step['kind'][];
const number = fc.nat(255);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), pick: number, many: number }, { noNullPrototype: true }),
  { maxLength: 40, size: 'max' },
);
