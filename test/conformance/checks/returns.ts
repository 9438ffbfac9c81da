import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import { accepted, onlyThese, refusal, type Bench, type Hosts } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { KEPT_TEMPLATE, SPOT_TEMPLATE } from '../plugin.ts';

const idsOf = (hosts: Hosts): string[] => hosts.map(({ machineId }) => machineId ?? '');

async function returned(bench: Bench, hosts: Hosts) {
  return bench.end(await bench.giveBack(hosts));
}

/** Host Factory's forms: a list or one object, by name and id or by one of them, from several requests at once. */
async function takesEveryForm(bench: Bench): Promise<void> {
  const machines = [...(await bench.machines(3)), ...(await bench.machines(2, SPOT_TEMPLATE))];
  const [a, b, c, d, e] = machines;
  assert.ok(a && b && c && d && e);
  const object = await bench.ok('requestReturnMachines', {
    machines: { name: a.name, machineId: a.machineId },
  });
  const ids = [
    object.requestId,
    await bench.giveBack([{ name: b.name }]),
    await bench.giveBack([{ machineId: c.machineId }]),
    await bench.giveBack([d, e]),
  ];
  for (const id of ids) assert.equal((await bench.end(id)).status, 'complete', 'a form was not understood');
  await onlyThese(bench);
}

/** One without any tag, one with the tags of somebody else, and one that AWS does not know. */
async function leavesOthersAlone(bench: Bench): Promise<void> {
  const { world } = bench;
  const foreign = [await world.launchForeign(), await world.launchForeign({ Name: 'db1', owner: 'finance' })];
  const own = await bench.machines(2);
  const unknown = { name: 'ip-10-9-9-9.ec2.internal', machineId: 'i-0fedcba9876543210' };
  // Nobody can say soon that AWS never had it, so its return may stay open.
  await bench.giveBack([unknown]);
  await returned(bench, [...own, ...foreign]);
  // By their names alone.
  await returned(
    bench,
    foreign.map(({ name }) => ({ name })),
  ).catch(() => undefined);
  assert.deepEqual((await bench.alive()).toSorted(), idsOf(foreign).toSorted(), 'machines of somebody else');
}

async function saysItTwice(bench: Bench): Promise<void> {
  const machines = await bench.machines(2);
  const [first] = machines;
  assert.ok(first);
  const rows = [
    await returned(bench, [...machines, first]),
    await returned(bench, machines),
    await returned(bench, [first, first]),
  ];
  for (const { status, machines: back } of rows) {
    assert.equal(status, 'complete', 'a machine that is gone or going was not given back');
    assert.ok(
      back.every(({ result }) => result === 'succeed'),
      'it did not succeed',
    );
  }
  // Under way at the same time.
  const others = await bench.machines(2);
  const ids = await Promise.all([bench.giveBack(others), bench.giveBack(others)]);
  for (const id of ids) assert.equal((await bench.end(id)).status, 'complete');
}

async function returnsNothing(bench: Bench): Promise<void> {
  const kept = await bench.machines(1);
  for (const input of [{ machines: [] }, {}]) {
    const outcome = await bench.call('requestReturnMachines', input);
    if (outcome.code === 0) {
      await bench.end(accepted('requestReturnMachines', outcome).requestId);
    } else refusal(outcome);
  }
  assert.deepEqual(await bench.alive(), idsOf(kept), 'something was terminated');
}

/** AWS gives the address, and so the name, of a machine that is gone to the next one. */
async function goesById(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  await onlyThese(bench);
  const [subnet] = (await aws.instances()).map(({ subnetId }) => subnetId);
  await aws.setQuotas({ addresses: { [subnet ?? 'subnet-0000000000000000a']: 1 } });
  const [old] = await bench.machines(1);
  assert.ok(old);
  // Host Factory is not told of its end, and still has it.
  await aws.terminate(old.machineId);
  await eventually('its address is free', async () =>
    (await aws.instances()).some(({ id, state }) => id === old.machineId && state === 'terminated'),
  );
  const [now] = await bench.machines(1);
  assert.ok(now);
  assert.equal(now.name, old.name, 'the two machines have different names');
  const lives = async () =>
    assert.deepEqual(await bench.alive(), [now.machineId], 'the machine of that name, and not of that id');
  await returned(bench, [{ name: old.name, machineId: old.machineId }]);
  await lives();
  await returned(bench, [{ name: now.name, machineId: now.machineId }]);
  await onlyThese(bench);
  // The name alone means the one that lives.
  const [last] = await bench.machines(1);
  assert.equal(last?.name, old.name, 'the third machine has a different name');
  await returned(bench, [{ name: old.name }]);
  await onlyThese(bench);
}

async function waitsForTheEnd(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  const machines = await bench.machines(2);
  await aws.setSettings({ shuttingDownSeconds: 600 });
  const id = await bench.giveBack(machines);
  await onlyThese(bench);
  for (let i = 0; i < 3; i += 1) {
    const { status, machines: back } = await bench.status(id);
    assert.equal(status, 'running', 'it ended while machines shut down');
    assert.ok(
      back.every(({ result }) => result === 'executing'),
      'a machine that shuts down is not gone',
    );
  }
  await aws.setSettings({ shuttingDownSeconds: 1 });
  const { status, machines: back } = await bench.end(id);
  assert.deepEqual([status, ...back.map(({ result }) => result)], ['complete', 'succeed', 'succeed']);
}

async function tellsOfTheProtected(bench: Bench): Promise<void> {
  const machines = await bench.machines(3);
  const [kept] = machines;
  assert.ok(kept);
  await bench.world.aws.protect(kept.machineId);
  const { status, machines: back } = await returned(bench, machines);
  assert.equal(status, 'complete_with_error');
  const told = back.map(({ machineId, result }) => [machineId, result]);
  const expected = machines.map(({ machineId }) => [
    machineId,
    machineId === kept.machineId ? 'fail' : 'succeed',
  ]);
  assert.deepEqual(told.toSorted(), expected.toSorted(), 'results');
  await onlyThese(bench, [kept.machineId]);
}

async function endsACreateUnderWay(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  const before = await bench.launched();
  await aws.setSettings({ pendingSeconds: 600 });
  const requestId = await bench.request(2);
  await untilLaunched(bench, before + 2);
  await returned(
    bench,
    (await bench.alive()).map((machineId) => ({ machineId })),
  );
  await bench.end(requestId);
  assert.equal(await bench.launched(), before + 2, 'launched in their place');
  await onlyThese(bench);
  await aws.setSettings({ pendingSeconds: 0.2 });
  await keepsNoFleetUp(bench);
}

/** A fleet that AWS keeps up launches others for those that die, but not for those that are given back. */
async function keepsNoFleetUp(bench: Bench): Promise<void> {
  const machines = await bench.machines(2, KEPT_TEMPLATE);
  const before = await bench.launched();
  await returned(bench, machines.slice(0, 1));
  await bench.machines(1);
  assert.equal(await bench.launched(), before + 1, 'launched in their place');
  await returned(bench, machines.slice(1));
}

const untilLaunched = (bench: Bench, launched: number) =>
  eventually('they are launched', async () => (await bench.launched()) >= launched, 20_000);

async function recordsWithoutWorker(bench: Bench): Promise<void> {
  const machines = await bench.machines(2);
  await bench.world.stopWorker();
  const input = { machines: machines.map(({ name, machineId }) => ({ name, machineId })) };
  const outcome = await bench.call('requestReturnMachines', input);
  await bench.world.startWorker();
  if (outcome.code === 1) return void refusal(outcome);
  const { requestId } = accepted('requestReturnMachines', outcome);
  assert.equal((await bench.end(requestId)).status, 'complete', 'nothing was recorded');
  await onlyThese(bench);
}

export const returns = checksFrom(45, [
  ['machines are given back in every form, by name or id, from several requests at once', takesEveryForm],
  ['a machine of somebody else, with tags or without, is left alone; the others go', leavesOthersAlone],
  ['what is gone, going or named twice is given back all the same', saysItTwice],
  [
    'nothing to give back: a message or an id that comes to an end, and nothing is terminated',
    returnsNothing,
  ],
  ['of a name that two machines had, the one of the id goes; without an id the one that lives', goesById],
  ['a machine is executing until AWS shows it terminated, then it succeeds', waitsForTheEnd],
  ['one that may not be terminated fails alone, in time', tellsOfTheProtected],
  [
    'machines of a request under way: it comes to an end, and nothing is launched in their place',
    endsACreateUnderWay,
  ],
  ['without a worker a return is recorded, or refused', recordsWithoutWorker],
]);
