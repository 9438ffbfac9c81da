import assert from 'node:assert/strict';
import { isAlive } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type Handle } from '../fixtures/temporal/workflowRig.ts';
import {
  createWorld,
  execute,
  returnMachines,
  signalObservations,
  resultKey,
  type Command,
  type World,
} from './commands.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

/** A workflow of so few machines must stay below it; Temporal's own limit is 51,200. */
const MAX_HISTORY_EVENTS = 10_000;
const MINUTE = 60_000;

/** Checks the invariants: no launch is made twice, no machine is wrongly released, no final status changes. */
async function check(world: World): Promise<void> {
  const { cloud } = world.rig;
  assert.equal(new Set(cloud.launched).size, cloud.launched.length, 'a launch was made twice');
  assert.deepEqual(cloud.releasedBesideFilling, [], 'released beside a group that could replace it');
  for (const [id, { handle, count }] of world.requests) {
    // Read before the view, which then has the reason of every termination.
    const machines = [...cloud.machines.values()].filter(({ owner }) => owner === id);
    const view = await world.rig.status(handle);
    checkStatus(world, id, view);
    assert.ok(machines.length <= count + world.lateMembers, `${machines.length} launched of ${count}`);
    const results = new Map(
      unpackMachines(view.machines).map(({ machineId, result }) => [machineId, result]),
    );
    for (const { machineId, state } of machines) {
      const result = results.get(machineId);
      if (mayEnd(world, id, machineId)) continue;
      if (!isAlive(state) || state === 'shutting-down')
        assert.equal(result, 'fail', `${machineId} was terminated without a reason`);
      if (state === 'running' && !world.hadUncertainLaunches && world.lateMembers === 0)
        assert.notEqual(result, 'fail', `${machineId} ran before the deadline`);
    }
  }
  for (const [id, handle] of world.returns) {
    const view = await world.rig.status(handle);
    checkStatus(world, id, view);
    for (const { machineId, result } of unpackMachines(view.machines))
      if (result === 'succeed')
        assert.equal(cloud.see(machineId).state, 'terminated', `${machineId} still runs`);
  }
}

const mayEnd = (
  { returned, releasedUnacknowledged, lost, cancelled }: World,
  requestId: string,
  machineId: string,
): boolean =>
  returned.has(machineId) ||
  releasedUnacknowledged.has(machineId) ||
  lost.has(machineId) ||
  cancelled.has(requestId);

/** A final status and each final result stay; only a machine that was released unacknowledged may fail later. */
function checkStatus(
  { reported, shown, finalStatuses, releasedUnacknowledged }: World,
  id: string,
  view: StatusView,
): void {
  const machines = unpackMachines(view.machines);
  const before = finalStatuses.get(id);
  const wasReleased = machines.some(({ machineId }) => releasedUnacknowledged.has(machineId));
  if (before && !wasReleased) assert.equal(view.status, before, `the status of ${id} changed`);
  if (before) assert.notEqual(view.status, 'running', `the status of ${id} is running again`);
  if (view.status !== 'running') finalStatuses.set(id, view.status);
  const results = new Map(machines.map(({ machineId, result }) => [resultKey(id, machineId), result]));
  for (const [key, result] of reported) {
    if (!key.startsWith(resultKey(id, ''))) continue;
    const now = results.get(key);
    const mayFail =
      result === 'succeed' &&
      now === 'fail' &&
      releasedUnacknowledged.has(key.slice(resultKey(id, '').length));
    if (!mayFail) assert.equal(now, result, `the result of ${key} changed`);
  }
  for (const { machineId } of machines) shown.add(machineId);
  for (const [key, result] of results) if (result !== 'executing') reported.set(key, result);
  if (view.status !== 'running')
    assert.ok(
      ![...results.values()].includes('executing'),
      `${id} has a final status, but a machine of it has none`,
    );
}

/** Checks that every machine is terminated and every workflow ends once the cloud answers again. */
async function drain(world: World): Promise<void> {
  const { rig } = world;
  const { cloud } = rig;
  cloud.protectedIds.clear();
  Object.assign(cloud, {
    blind: false,
    endsSlowly: false,
    publishingFails: false,
    publishingWaits: undefined,
  });
  Object.assign(cloud, { signalsToLose: 0, answersToLose: 0, launchesInTheDark: 0 });
  world.callsToFail = 0;
  // Past every deadline, and past the last attempt to discover a launch.
  await rig.env.sleep(180 * MINUTE);
  for (const requestId of world.requests.keys()) await signalObservations(world, requestId);
  await check(world);
  await returnMachines(world, cloud.live());
  const all = [...[...world.requests.values()].map(({ handle }) => handle), ...world.returns.values()];
  for (const handle of all) await end(world, handle);
  await check(world);
  for (const { workflowId } of all)
    assert.ok(world.finalStatuses.has(workflowId), `${workflowId} has no answer`);
  assert.deepEqual(cloud.live(), [], 'machines are left');
  for (const requestId of world.requests.keys()) checkEvents(world, requestId);
}

async function end({ rig }: World, handle: Handle): Promise<void> {
  for (let tries = 0; (await handle.describe()).status.name === 'RUNNING'; tries++) {
    assert.ok(tries < 100, `${handle.workflowId} does not end`);
    await rig.env.sleep(5 * MINUTE);
  }
  await rig.result(handle);
  const lengths = await rig.historyLengths(handle.workflowId);
  assert.ok(
    Math.max(...lengths) < MAX_HISTORY_EVENTS,
    `${handle.workflowId} has ${lengths.join(', ')} events`,
  );
}

/** Each event is published; an event is redelivered if its publication was interrupted. */
function checkEvents({ rig }: World, requestId: string): void {
  const own = rig.cloud.published.filter((event) => event.requestId === requestId);
  const sequences = [...new Set(own.map(({ sequence }) => sequence))];
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 1),
    'events are lost',
  );
  assert.ok(sequences.length > 0, `no event of ${requestId} was published`);
}

/** @throws AssertionError after the first command that breaks an invariant; all histories are replayed */
export async function runSequence(commands: readonly Command[]): Promise<void> {
  const forgets = commands.some(({ kind }) => kind === 'restartWorkers');
  const world = createWorld(await createWorkflowRig({ forgets, replaysAtOnce: true }));
  await world.rig.withWorkers(async () => {
    for (const command of commands) {
      await execute(world, command);
      if (command.kind === 'wait') await check(world);
    }
    await drain(world);
  });
}
