import assert from 'node:assert/strict';
import { isAlive } from '../../domain/machine/machine.ts';
import { unpackMachines } from '../../domain/machine/packed.ts';
import { createWorkflowRig, type Handle } from '../fixtures/temporal/workflowRig.ts';
import { act, createWorld, giveBack, tellOwner, wordOf, type Deed, type World } from './commands.ts';
import type { StatusView } from '../../domain/request/statusView.ts';

/** No workflow of so few machines may make as many; Temporal's own limit is 51,200. */
const MOST_EVENTS = 10_000;
const MINUTE = 60_000;

/** What must be true at every moment: nothing is doubled, nobody's machine is killed, no word is taken back. */
async function check(world: World): Promise<void> {
  const { cloud } = world.rig;
  assert.equal(new Set(cloud.launched).size, cloud.launched.length, 'a launch was made twice');
  assert.deepEqual(cloud.releasedBesideFilling, [], 'released beside a group that could replace it');
  for (const [id, { handle, count }] of world.requests) {
    // Before the view, which then knows why what is gone had to go.
    const machines = [...cloud.machines.values()].filter(({ owner }) => owner === id);
    const view = await world.rig.status(handle);
    checkWord(world, id, view);
    assert.ok(machines.length <= count + world.late, `${machines.length} launched of ${count}`);
    const results = new Map(
      unpackMachines(view.machines).map(({ machineId, result }) => [machineId, result]),
    );
    for (const { machineId, state } of machines) {
      const result = results.get(machineId);
      if (mayGo(world, id, machineId)) continue;
      if (!isAlive(state) || state === 'shutting-down')
        assert.equal(result, 'fail', `${machineId} was killed and should live`);
      if (state === 'running' && !world.wasDark && world.late === 0)
        assert.notEqual(result, 'fail', `${machineId} was up in time`);
    }
  }
  for (const [id, handle] of world.returns) {
    const view = await world.rig.status(handle);
    checkWord(world, id, view);
    for (const { machineId, result } of unpackMachines(view.machines))
      if (result === 'succeed')
        assert.equal(cloud.see(machineId).state, 'terminated', `${machineId} lives on`);
  }
}

const mayGo = (
  { returned, reclaimed, taken, cancelled }: World,
  requestId: string,
  machineId: string,
): boolean =>
  returned.has(machineId) || reclaimed.has(machineId) || taken.has(machineId) || cancelled.has(requestId);

/** A final status stays, and so does each result; only what Host Factory never read may be called failed later. */
function checkWord({ told, shown, ended, reclaimed }: World, id: string, view: StatusView): void {
  const machines = unpackMachines(view.machines);
  const before = ended.get(id);
  const wasReclaimed = machines.some(({ machineId }) => reclaimed.has(machineId));
  if (before && !wasReclaimed) assert.equal(view.status, before, `the status of ${id} changed`);
  if (before) assert.notEqual(view.status, 'running', `${id} runs again`);
  if (view.status !== 'running') ended.set(id, view.status);
  const results = new Map(machines.map(({ machineId, result }) => [wordOf(id, machineId), result]));
  for (const [key, result] of told) {
    if (!key.startsWith(wordOf(id, ''))) continue;
    const now = results.get(key);
    const mayFail = result === 'succeed' && now === 'fail' && reclaimed.has(key.slice(wordOf(id, '').length));
    if (!mayFail) assert.equal(now, result, `the result of ${key} changed`);
  }
  for (const { machineId } of machines) shown.add(machineId);
  for (const [key, result] of results) if (result !== 'executing') told.set(key, result);
  if (view.status !== 'running')
    assert.ok(![...results.values()].includes('executing'), `${id} has ended and a machine has not`);
}

/** Whatever was before: with a cloud that answers, all that is given back goes, and nobody waits any more. */
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
  // Past every deadline, and past the last look for what was launched in the dark.
  await rig.env.sleep(180 * MINUTE);
  for (const requestId of world.requests.keys()) await tellOwner(world, requestId);
  await check(world);
  await giveBack(world, cloud.live());
  const all = [...[...world.requests.values()].map(({ handle }) => handle), ...world.returns.values()];
  for (const handle of all) await end(world, handle);
  await check(world);
  for (const { workflowId } of all) assert.ok(world.ended.has(workflowId), `${workflowId} has no answer`);
  assert.deepEqual(cloud.live(), [], 'machines are left');
  for (const requestId of world.requests.keys()) checkTold(world, requestId);
}

async function end({ rig }: World, handle: Handle): Promise<void> {
  for (let tries = 0; (await handle.describe()).status.name === 'RUNNING'; tries++) {
    assert.ok(tries < 100, `${handle.workflowId} does not end`);
    await rig.env.sleep(5 * MINUTE);
  }
  await rig.result(handle);
  const lengths = await rig.historyLengths(handle.workflowId);
  assert.ok(Math.max(...lengths) < MOST_EVENTS, `${handle.workflowId} has ${lengths.join(', ')} events`);
}

/** Each event is told; one whose telling was cut off may be told twice. */
function checkTold({ rig }: World, requestId: string): void {
  const own = rig.cloud.published.filter((event) => event.requestId === requestId);
  const sequences = [...new Set(own.map(({ sequence }) => sequence))];
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 1),
    'events are lost',
  );
  assert.ok(sequences.length > 0, `nothing was told of ${requestId}`);
}

/** @throws AssertionError at the first deed after which something is wrong; all histories are replayed */
export async function live(deeds: readonly Deed[]): Promise<void> {
  const forgets = deeds.some(({ kind }) => kind === 'restarts');
  const world = createWorld(await createWorkflowRig({ forgets, replaysAtOnce: true }));
  await world.rig.withWorkers(async () => {
    for (const deed of deeds) {
      await act(world, deed);
      if (deed.kind === 'wait') await check(world);
    }
    await drain(world);
  });
}
