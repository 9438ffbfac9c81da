import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import { LOSS_POLL_MS, type Harness } from '../harness.ts';
import { TEMPLATE } from '../plugin.ts';

const templatesOf = async (harness: Harness) =>
  (await harness.ok('getAvailableTemplates', {})).templates.map(({ templateId }) => templateId);

/** Asked for what another instance made, it knows nothing. */
async function knowsNothingOf(harness: Harness, requestId: string): Promise<void> {
  const { status, machines } = await harness.status(requestId);
  assert.deepEqual([status, machines], ['complete_with_error', []], 'the requests of another instance');
}

export async function keepsInstancesApart(harness: Harness): Promise<void> {
  const requestId = await harness.request(2);
  const { machines } = await harness.end(requestId);
  const [taken, kept] = machines;
  assert.ok(taken && kept);
  await harness.world.withTwin(async (plugin) => {
    const twin = harness.of(plugin);
    assert.deepEqual(await templatesOf(twin), ['twin'], 'the templates of another instance');
    assert.ok(!(await templatesOf(harness)).includes('twin'), 'the templates of another instance');
    await twin.refused('requestMachines', { template: { templateId: TEMPLATE, machineCount: 1 } });

    await knowsNothingOf(twin, requestId);
    const ownId = await twin.request(1, 'twin');
    const { machines: own } = await twin.end(ownId);
    assert.notEqual(own[0]?.machineId, taken.machineId);
    await knowsNothingOf(harness, ownId);

    await harness.world.aws.terminate(taken.machineId);
    await eventually(
      'it is reported',
      async () => (await harness.going(machines)).length === 1,
      20_000,
      LOSS_POLL_MS,
    );
    assert.deepEqual(await twin.going(machines), [], 'the machines of another instance');
    const returnId = await twin.giveBack([kept, ...own]);
    await twin.end(returnId);
    await knowsNothingOf(harness, returnId);
    assert.deepEqual(await harness.alive(), [kept.machineId], 'it took a machine of another instance');
  });
}
