import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import type { GateOptions } from '../../../simulator/gates.ts';
import { LOSS_POLL_MS, accepted, hostsOf, refusal, type Harness } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { SPOT_TEMPLATE } from '../plugin.ts';

const namesOf = (going: readonly { readonly machine: string }[]) => going.map(({ machine }) => machine);

/** Waits until a new machine that was terminated is reported: by then a sweep has observed all earlier changes. */
async function nextLoss(harness: Harness): Promise<void> {
  const machines = await harness.machines(1);
  for (const { machineId } of machines) await harness.world.aws.terminate(machineId);
  await eventually(
    'the next loss is reported',
    async () => (await harness.going(machines)).length === 1,
    20_000,
    LOSS_POLL_MS,
  );
}

async function saysNothingOfTheWell(harness: Harness): Promise<void> {
  const machines = await harness.machines(2);
  assert.deepEqual(await harness.going(machines), [], 'nothing is wrong with them');
  const id = await harness.giveBack(machines);
  assert.deepEqual(await harness.going(machines), [], 'Host Factory gives them back itself');
  await harness.end(id);
  await nextLoss(harness);
  assert.deepEqual(await harness.going(machines), [], 'Host Factory gave them back itself');
}

async function tellsOfInterruptions(harness: Harness): Promise<void> {
  const [taken, kept] = await harness.machines(2, SPOT_TEMPLATE);
  assert.ok(taken && kept);
  // Host Factory may know a host by a name of its own.
  const hosts = [
    { name: 'Alias-Of-It', machineId: taken.machineId },
    { name: kept.name, machineId: kept.machineId },
  ];
  await harness.world.aws.interrupt(taken.machineId);
  await eventually(
    'it is reported',
    async () => (await harness.going(hosts)).length === 1,
    20_000,
    LOSS_POLL_MS,
  );
  const [first] = await harness.going(hosts);
  assert.ok(first);
  assert.equal(first.machine, 'Alias-Of-It', 'not the name that Host Factory sent');
  assert.ok(first.gracePeriod > 60, `gracePeriod ${first.gracePeriod}`);
  await eventually(
    'the grace period falls',
    async () => ((await harness.going(hosts))[0]?.gracePeriod ?? first.gracePeriod) < first.gracePeriod,
    5_000,
  );
}

async function tellsOfTheTerminated(harness: Harness): Promise<void> {
  const [taken, kept] = await harness.machines(2);
  const [spot] = await harness.machines(1, SPOT_TEMPLATE);
  assert.ok(taken && kept && spot);
  const machines = [taken, kept, spot];
  for (const { machineId } of [taken, spot]) await harness.world.aws.terminate(machineId);
  await eventually(
    'both are reported',
    async () => (await harness.going(machines)).length > 1,
    20_000,
    LOSS_POLL_MS,
  );
  const expected = [
    [taken.name, 0],
    [spot.name, 0],
  ];
  for (let i = 0; i < 3; i += 1) {
    const reported = (await harness.going(machines)).map(({ machine, gracePeriod }) => [
      machine,
      gracePeriod,
    ]);
    assert.deepEqual(reported, expected, 'as long as Host Factory asks');
  }
  await nextLoss(harness);
  assert.deepEqual(
    namesOf(await harness.going(machines)),
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

async function neverGuesses(harness: Harness): Promise<void> {
  const { aws } = harness.world;
  const machines = await harness.machines(2);
  await aws.setSettings({ pageSize: 1 });
  for (const fault of UNREADABLE) {
    const gate = await aws.addGate('DescribeInstances', 'errorBefore', null, fault);
    await aws.whenArrived(gate.id, { calls: 2, timeoutMs: 30_000 });
    const outcome = await harness.call('getReturnRequests', { machines: hostsOf(machines) });
    if (outcome.code === 1) refusal(outcome);
    else {
      const reported = accepted('getReturnRequests', outcome).requests;
      assert.deepEqual(reported, [], 'reported as lost while that is uncertain');
    }
    await aws.release(gate.id);
  }
  await nextLoss(harness);
  assert.deepEqual(await harness.going(machines), [], 'they are well');
}

export const takenAway = checksFrom(54, [
  ['machines that run, or that Host Factory returns, are not reported as lost', saysNothingOfTheWell],
  [
    "a spot machine with an interruption notice is reported by Host Factory's own name, with the remaining seconds",
    tellsOfInterruptions,
  ],
  [
    'a machine that someone else terminated, spot or not, is reported with 0 seconds on every call',
    tellsOfTheTerminated,
  ],
  [
    'an empty host list, or none, is accepted',
    async (harness) => {
      for (const input of [{ machines: [] }, {}]) {
        assert.deepEqual((await harness.ok('getReturnRequests', input)).requests, []);
      }
    },
  ],
  ['no machine is reported as lost while AWS cannot be read, or only in part', neverGuesses],
]);
