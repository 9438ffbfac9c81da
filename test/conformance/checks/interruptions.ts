import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import type { GateOptions } from '../../../simulator/gates.ts';
import { LOSS_POLL_MS, accepted, hostsOf, refusal, type Bench } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { SPOT_TEMPLATE } from '../plugin.ts';

const namesOf = (going: readonly { readonly machine: string }[]) => going.map(({ machine }) => machine);

/** Waits until a machine made for this, and taken away, is told of: by then all that was before it has been seen. */
async function nextLoss(bench: Bench): Promise<void> {
  const machines = await bench.machines(1);
  for (const { machineId } of machines) await bench.world.aws.terminate(machineId);
  await eventually(
    'the next loss is told',
    async () => (await bench.going(machines)).length === 1,
    20_000,
    LOSS_POLL_MS,
  );
}

async function saysNothingOfTheWell(bench: Bench): Promise<void> {
  const machines = await bench.machines(2);
  assert.deepEqual(await bench.going(machines), [], 'nothing is wrong with them');
  const id = await bench.giveBack(machines);
  assert.deepEqual(await bench.going(machines), [], 'Host Factory gives them back itself');
  await bench.end(id);
  await nextLoss(bench);
  assert.deepEqual(await bench.going(machines), [], 'Host Factory gave them back itself');
}

async function tellsOfInterruptions(bench: Bench): Promise<void> {
  const [taken, kept] = await bench.machines(2, SPOT_TEMPLATE);
  assert.ok(taken && kept);
  // Host Factory may know a host by a name of its own.
  const hosts = [
    { name: 'Alias-Of-It', machineId: taken.machineId },
    { name: kept.name, machineId: kept.machineId },
  ];
  await bench.world.aws.interrupt(taken.machineId);
  await eventually('it is told', async () => (await bench.going(hosts)).length === 1, 20_000, LOSS_POLL_MS);
  const [first] = await bench.going(hosts);
  assert.ok(first);
  assert.equal(first.machine, 'Alias-Of-It', 'not the name that Host Factory sent');
  assert.ok(first.gracePeriod > 60, `gracePeriod ${first.gracePeriod}`);
  await eventually(
    'the grace period falls',
    async () => ((await bench.going(hosts))[0]?.gracePeriod ?? first.gracePeriod) < first.gracePeriod,
    5_000,
  );
}

async function tellsOfTheTerminated(bench: Bench): Promise<void> {
  const [taken, kept] = await bench.machines(2);
  const [spot] = await bench.machines(1, SPOT_TEMPLATE);
  assert.ok(taken && kept && spot);
  const machines = [taken, kept, spot];
  for (const { machineId } of [taken, spot]) await bench.world.aws.terminate(machineId);
  await eventually(
    'both are told',
    async () => (await bench.going(machines)).length > 1,
    20_000,
    LOSS_POLL_MS,
  );
  const expected = [
    [taken.name, 0],
    [spot.name, 0],
  ];
  for (let i = 0; i < 3; i += 1) {
    const told = (await bench.going(machines)).map(({ machine, gracePeriod }) => [machine, gracePeriod]);
    assert.deepEqual(told, expected, 'as long as Host Factory asks');
  }
  await nextLoss(bench);
  assert.deepEqual(
    namesOf(await bench.going(machines)),
    [taken.name, spot.name],
    'as long as Host Factory asks',
  );
}

/** All reads fail; they are too many; and all but the first page of a list. */
const UNREADABLE: readonly GateOptions[] = [
  {},
  { code: 'RequestLimitExceeded', status: 503 },
  { having: 'NextToken' },
];

async function neverGuesses(bench: Bench): Promise<void> {
  const { aws } = bench.world;
  const machines = await bench.machines(2);
  await aws.setSettings({ pageSize: 1 });
  for (const fault of UNREADABLE) {
    const gate = await aws.addGate('DescribeInstances', 'errorBefore', null, fault);
    await aws.whenArrived(gate.id, { calls: 2, timeoutMs: 30_000 });
    const outcome = await bench.call('getReturnRequests', { machines: hostsOf(machines) });
    if (outcome.code === 1) refusal(outcome);
    else {
      const told = accepted('getReturnRequests', outcome).requests;
      assert.deepEqual(told, [], 'told as gone, and nobody knows');
    }
    await aws.release(gate.id);
  }
  await nextLoss(bench);
  assert.deepEqual(await bench.going(machines), [], 'they are well');
}

export const takenAway = checksFrom(54, [
  [
    'machines that are well, or that Host Factory gives back, are not told as taken away',
    saysNothingOfTheWell,
  ],
  [
    "a spot machine with a notice is told by Host Factory's own name, with the seconds that are left",
    tellsOfInterruptions,
  ],
  [
    'a machine that somebody terminated, spot or not, is told with 0, as long as Host Factory asks',
    tellsOfTheTerminated,
  ],
  [
    'a list without hosts, or none, is fine',
    async (bench) => {
      for (const input of [{ machines: [] }, {}]) {
        assert.deepEqual((await bench.ok('getReturnRequests', input)).requests, []);
      }
    },
  ],
  ['while AWS cannot be read, or in part only, no machine is told as gone', neverGuesses],
]);
