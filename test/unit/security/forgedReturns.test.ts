import { strict as assert } from 'node:assert';
import type { Client } from '@temporalio/client';
import type { MachineReader, OwnedObservation } from '../../../activities/provider.ts';
import { createReadActivities } from '../../../activities/returns/deliverReturn.ts';
import { isInstanceId } from '../../../activities/aws/client/responseGuards.ts';
import type { DeliverReturnResult } from '../../../contract/activities.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { anObservation } from '../../fixtures/builders.ts';

const OURS = { deployment: 'grid1', provider: 'awsinst', requestId: 'req-1' };
const ID = 'i-0123456789abcdef0';

/** Delivers a return that names this machine by id or by name, and collects the signals that would release it. */
async function deliver(machine: OwnedObservation | undefined, asked: { machineId?: string; name?: string }) {
  const signalled: string[] = [];
  const reader: MachineReader = {
    isMachineId: isInstanceId,
    readMachines: async () => new Map(machine ? [[machine.machineId, machine]] : []),
    // As the cloud filters by our tags.
    listMachines: async ({ deployment, provider }) =>
      machine?.owner?.deployment === deployment && machine.owner.provider === provider ? [machine] : [],
    readInterruptions: async () => new Map(),
    listGroups: async () => [],
  };
  const workflow = {
    getHandle: (id: string) => ({ signal: async () => void signalled.push(id) }),
    signalWithStart: async (_: string, { workflowId }: { workflowId: string }) => signalled.push(workflowId),
  };
  const { deliverReturn } = createReadActivities(reader, {
    options: { namespace: 'default' },
    workflow,
  } as unknown as Client);
  const { deliveries }: DeliverReturnResult = await activityEnvironment().run(deliverReturn, {
    deployment: OURS.deployment,
    provider: OURS.provider,
    returnId: 'ret-1',
    createdAt: Date.now(),
    machines: [{ ...asked, index: 0, wasDelivered: false }],
  });
  return { signalled, kinds: deliveries.map(({ kind }) => kind) };
}

const owned = (owner: OwnedObservation['owner']): OwnedObservation => ({ ...anObservation(ID), owner });

describe('forged returns', () => {
  for (const [what, owner] of [
    ['of another deployment', { ...OURS, deployment: 'grid2' }],
    ['of another provider instance', { ...OURS, provider: 'other' }],
    ['without our tags', undefined],
  ] as const) {
    for (const asked of [{ machineId: ID }, { name: `${ID}.ec2.internal` }, { machineId: ID, name: 'any' }]) {
      it(`a return of a machine ${what} reaches no owner: ${JSON.stringify(asked)}`, async () => {
        assert.deepEqual(await deliver(owned(owner), asked), { signalled: [], kinds: ['rejected'] });
      });
    }
  }

  it('a return of something that is not a machine id reaches no owner and causes no read of AWS', async () => {
    for (const machineId of ['i-*', '../req-1', 'i-0123456789abcdef0,i-1', '$(id)', "i-' or 1=1"]) {
      assert.deepEqual(await deliver(owned(OURS), { machineId }), { signalled: [], kinds: ['rejected'] });
    }
  });

  it('a genuine return reaches the owner', async () => {
    assert.deepEqual((await deliver(owned(OURS), { machineId: ID })).signalled, [OURS.requestId]);
  });
});
