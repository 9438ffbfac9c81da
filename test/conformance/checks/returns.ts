import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import { accepted, onlyThese, refusal, type Harness, type Hosts } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { KEPT_TEMPLATE, SPOT_TEMPLATE } from '../plugin.ts';

const idsOf = (hosts: Hosts): string[] => hosts.map(({ machineId }) => machineId ?? '');

async function returned(harness: Harness, hosts: Hosts) {
  return harness.end(await harness.giveBack(hosts));
}

/** Host Factory's forms: a list or one object, by name and id or by one of them, from several requests at once. */
async function takesEveryForm(harness: Harness): Promise<void> {
  const machines = [...(await harness.machines(3)), ...(await harness.machines(2, SPOT_TEMPLATE))];
  const [a, b, c, d, e] = machines;
  assert.ok(a && b && c && d && e);
  const object = await harness.ok('requestReturnMachines', {
    machines: { name: a.name, machineId: a.machineId },
  });
  const ids = [
    object.requestId,
    await harness.giveBack([{ name: b.name }]),
    await harness.giveBack([{ machineId: c.machineId }]),
    await harness.giveBack([d, e]),
  ];
  for (const id of ids) assert.equal((await harness.end(id)).status, 'complete', 'a form was not understood');
  await onlyThese(harness);
}

/** One without any tag, one with the tags of somebody else, and one that AWS does not know. */
async function leavesOthersAlone(harness: Harness): Promise<void> {
  const { world } = harness;
  const foreign = [await world.launchForeign(), await world.launchForeign({ Name: 'db1', owner: 'finance' })];
  const own = await harness.machines(2);
  const unknown = { name: 'ip-10-9-9-9.ec2.internal', machineId: 'i-0fedcba9876543210' };
  // Nobody can say soon that AWS never had it, so its return may stay open.
  await harness.giveBack([unknown]);
  await returned(harness, [...own, ...foreign]);
  // By their names alone.
  await returned(
    harness,
    foreign.map(({ name }) => ({ name })),
  ).catch(() => undefined);
  assert.deepEqual(
    (await harness.alive()).toSorted(),
    idsOf(foreign).toSorted(),
    'machines of somebody else',
  );
}

async function saysItTwice(harness: Harness): Promise<void> {
  const machines = await harness.machines(2);
  const [first] = machines;
  assert.ok(first);
  const rows = [
    await returned(harness, [...machines, first]),
    await returned(harness, machines),
    await returned(harness, [first, first]),
  ];
  for (const { status, machines: back } of rows) {
    assert.equal(status, 'complete', 'a machine that is gone or going was not given back');
    assert.ok(
      back.every(({ result }) => result === 'succeed'),
      'it did not succeed',
    );
  }
  // Under way at the same time.
  const others = await harness.machines(2);
  const ids = await Promise.all([harness.giveBack(others), harness.giveBack(others)]);
  for (const id of ids) assert.equal((await harness.end(id)).status, 'complete');
}

async function returnsNothing(harness: Harness): Promise<void> {
  const kept = await harness.machines(1);
  for (const input of [{ machines: [] }, {}]) {
    const outcome = await harness.call('requestReturnMachines', input);
    if (outcome.code === 0) {
      await harness.end(accepted('requestReturnMachines', outcome).requestId);
    } else refusal(outcome);
  }
  assert.deepEqual(await harness.alive(), idsOf(kept), 'something was terminated');
}

/** AWS gives the address, and so the name, of a machine that is gone to the next one. */
async function goesById(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  await onlyThese(harness);
  const [subnet] = (await aws.instances()).map(({ subnetId }) => subnetId);
  await aws.setQuotas({ addresses: { [subnet ?? 'subnet-0000000000000000a']: 1 } });
  const [old] = await harness.machines(1);
  assert.ok(old);
  // Host Factory does not learn that it was terminated, and still has it.
  await aws.terminate(old.machineId);
  await eventually('its address is free', async () =>
    (await aws.instances()).some(({ id, state }) => id === old.machineId && state === 'terminated'),
  );
  const [now] = await harness.machines(1);
  assert.ok(now);
  assert.equal(now.name, old.name, 'the two machines have different names');
  const lives = async () =>
    assert.deepEqual(await harness.alive(), [now.machineId], 'the machine of that name, and not of that id');
  await returned(harness, [{ name: old.name, machineId: old.machineId }]);
  await lives();
  await returned(harness, [{ name: now.name, machineId: now.machineId }]);
  await onlyThese(harness);
  // The name alone means the one that lives.
  const [last] = await harness.machines(1);
  assert.equal(last?.name, old.name, 'the third machine has a different name');
  await returned(harness, [{ name: old.name }]);
  await onlyThese(harness);
}

async function waitsForTheEnd(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  const machines = await harness.machines(2);
  await aws.setSettings({ shuttingDownSeconds: 600 });
  const id = await harness.giveBack(machines);
  await onlyThese(harness);
  for (let i = 0; i < 3; i += 1) {
    const { status, machines: back } = await harness.status(id);
    assert.equal(status, 'running', 'it ended while machines shut down');
    assert.ok(
      back.every(({ result }) => result === 'executing'),
      'a machine that shuts down is not gone',
    );
  }
  await aws.setSettings({ shuttingDownSeconds: 1 });
  const { status, machines: back } = await harness.end(id);
  assert.deepEqual([status, ...back.map(({ result }) => result)], ['complete', 'succeed', 'succeed']);
}

async function tellsOfTheProtected(harness: Harness): Promise<void> {
  const machines = await harness.machines(3);
  const [kept] = machines;
  assert.ok(kept);
  await harness.world.aws.protect(kept.machineId);
  const { status, machines: back } = await returned(harness, machines);
  assert.equal(status, 'complete_with_error');
  const reported = back.map(({ machineId, result }) => [machineId, result]);
  const expected = machines.map(({ machineId }) => [
    machineId,
    machineId === kept.machineId ? 'fail' : 'succeed',
  ]);
  assert.deepEqual(reported.toSorted(), expected.toSorted(), 'results');
  await onlyThese(harness, [kept.machineId]);
}

async function endsACreateUnderWay(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  const before = await harness.launched();
  await aws.setSettings({ pendingSeconds: 600 });
  const requestId = await harness.request(2);
  await untilLaunched(harness, before + 2);
  await returned(
    harness,
    (await harness.alive()).map((machineId) => ({ machineId })),
  );
  await harness.end(requestId);
  assert.equal(await harness.launched(), before + 2, 'launched in their place');
  await onlyThese(harness);
  await aws.setSettings({ pendingSeconds: 0.2 });
  await keepsNoFleetUp(harness);
}

/** A fleet that AWS keeps up launches others for those that die, but not for those that are given back. */
async function keepsNoFleetUp(harness: Harness): Promise<void> {
  const machines = await harness.machines(2, KEPT_TEMPLATE);
  const before = await harness.launched();
  await returned(harness, machines.slice(0, 1));
  await harness.machines(1);
  assert.equal(await harness.launched(), before + 1, 'launched in their place');
  await returned(harness, machines.slice(1));
}

const untilLaunched = (harness: Harness, launched: number) =>
  eventually('they are launched', async () => (await harness.launched()) >= launched, 20_000);

async function recordsWithoutWorker(harness: Harness): Promise<void> {
  const machines = await harness.machines(2);
  await harness.world.stopWorker();
  const input = { machines: machines.map(({ name, machineId }) => ({ name, machineId })) };
  const outcome = await harness.call('requestReturnMachines', input);
  await harness.world.startWorker();
  if (outcome.code === 1) return void refusal(outcome);
  const { requestId } = accepted('requestReturnMachines', outcome);
  assert.equal((await harness.end(requestId)).status, 'complete', 'nothing was recorded');
  await onlyThese(harness);
}

export const returns = checksFrom(45, [
  ['machines are returned in every form, by name or id, from several requests at once', takesEveryForm],
  [
    'a return leaves machines of someone else alone, with tags or without, and terminates the others',
    leavesOthersAlone,
  ],
  ['a return succeeds for machines that are terminated, terminating or named twice', saysItTwice],
  ['an empty return is refused or completes, and terminates nothing', returnsNothing],
  ['a name that two machines had means the one with the id; without an id, the one that is alive', goesById],
  ['a machine is executing until AWS shows it terminated, then it succeeds', waitsForTheEnd],
  ['only the machine that may not be terminated fails, in time', tellsOfTheProtected],
  [
    'a return of machines of an open request ends that request, and nothing is launched in their place',
    endsACreateUnderWay,
  ],
  ['a return without a worker is recorded or refused', recordsWithoutWorker],
]);
