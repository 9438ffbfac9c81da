import { strict as assert } from 'node:assert';
import type { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../../activities/aws/client/clients.ts';
import { createTerminateActivities } from '../../../activities/aws/instance/terminateActivities.ts';

import { anObservation } from '../../fixtures/builders.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import type { TerminateMachinesResult } from '../../../domain/request/returns.ts';

/** AWS fails a whole call because of one machine, in several ways; the others must still be terminated. */
describe('terminate', () => {
  const errorOf = (name: string, message: string): Error =>
    Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });

  /** AWS shows every machine as running but these. */
  const readerOf = (states: Readonly<Record<string, 'terminated' | 'absent'>>) => ({
    describeByIds: async (machineIds: readonly string[]) =>
      new Map(
        machineIds
          .filter((id) => states[id] !== 'absent')
          .map((id) => [id, { ...anObservation(id, { state: states[id] ?? 'running' }), tags: {} }] as const),
      ),
  });

  async function run(
    machineIds: readonly string[],
    refuse: (ids: readonly string[]) => Error | undefined,
    heartbeatDetails = Date.now(),
    states: Readonly<Record<string, 'terminated' | 'absent'>> = {},
  ) {
    const terminated: string[] = [];
    const calls: string[][] = [];
    const client = {
      async send({ input }: TerminateInstancesCommand) {
        const ids = input.InstanceIds ?? [];
        calls.push(ids);
        const error = refuse(ids);
        if (error) throw error;
        terminated.push(...ids);
        return { TerminatingInstances: ids.map((InstanceId) => ({ InstanceId })) };
      },
    };
    const { terminateMachines } = createTerminateActivities(
      { mutating: client } as unknown as AwsClients,
      readerOf(states),
    );
    const result: TerminateMachinesResult = await activityEnvironment({ heartbeatDetails }).run(
      terminateMachines,
      {
        machineIds,
      },
    );
    return { terminated, calls, refused: result.refused };
  }
  const ids = Array.from({ length: 8 }, (_, index) => `i-0000000${index}`);

  it('a termination leaves out unknown ids and terminates the others', async () => {
    const unknown = new Set(['i-00000002', 'i-00000005']);
    const { terminated } = await run(ids, (asked) => {
      const bad = asked.filter((id) => unknown.has(id));
      return bad.length > 0
        ? errorOf('InvalidInstanceID.NotFound', `The instance IDs '${bad.join(', ')}' do not exist`)
        : undefined;
    });
    assert.deepEqual(
      terminated.toSorted(),
      ids.filter((id) => !unknown.has(id)),
    );
  });

  it('a termination reports the protected machine and terminates the others', async () => {
    const { terminated, refused } = await run(ids, (asked) =>
      asked.includes('i-00000003')
        ? errorOf('OperationNotPermitted', "The instance 'i-00000003' may not be terminated.")
        : undefined,
    );
    assert.deepEqual(
      terminated.toSorted(),
      ids.filter((id) => id !== 'i-00000003'),
    );
    assert.deepEqual(
      refused.map(({ machineId }) => machineId),
      ['i-00000003'],
    );
    assert.match(refused[0]?.message ?? '', /OperationNotPermitted/);
  });

  it('a termination terminates the others when a policy denies one machine, with few calls', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
    const denied = new Set(['i-00000007', 'i-00000321']);
    const { terminated, refused, calls } = await run(many, (asked) =>
      asked.some((id) => denied.has(id))
        ? errorOf('UnauthorizedOperation', 'You are not authorized to perform this operation.')
        : undefined,
    );
    assert.equal(terminated.length, 498);
    assert.deepEqual(new Set(refused.map(({ machineId }) => machineId)), denied);
    assert.match(refused[0]?.message ?? '', /^UnauthorizedOperation: You are not authorized/);
    assert.ok(calls.length <= 40, `${calls.length} calls`);
  });

  it('a denied machine that is terminated is not refused, and one that AWS does not show is', async () => {
    const denied = ['i-00000003', 'i-00000005'];
    const { terminated, refused } = await run(
      ids,
      (asked) =>
        asked.some((id) => denied.includes(id)) ? errorOf('UnauthorizedOperation', 'no') : undefined,
      Date.now(),
      { 'i-00000003': 'terminated', 'i-00000005': 'absent' },
    );
    assert.deepEqual([terminated.length, refused.map(({ machineId }) => machineId)], [6, ['i-00000005']]);
  });

  it('after ten minutes of errors only the machines that AWS did not accept are refused', async () => {
    const many = Array.from({ length: 700 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
    let calls = 0;
    const { refused } = await run(
      many,
      () => (++calls === 2 ? errorOf('RequestLimitExceeded', 'Request limit exceeded.') : undefined),
      Date.now() - 11 * 60_000,
    );
    assert.equal(refused.length, 200);
  });

  it('a role that may not terminate at all costs few calls, and the termination is retried', async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
    let calls = 0;
    const denyAll = () => {
      calls += 1;
      return errorOf('UnauthorizedOperation', 'no');
    };
    await assert.rejects(run(many, denyAll), { nonRetryable: false });
    assert.ok(calls <= 40, `${calls} calls`);
  });

  it('a call of many protected machines is bisected with a limited number of calls', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
    const { calls, refused, terminated } = await run(many, (asked) =>
      asked.some((id) => Number(id.slice(2)) % 2 === 0)
        ? errorOf('OperationNotPermitted', 'The instance may not be terminated.')
        : undefined,
    );
    assert.ok(calls.length <= 300, `${calls.length} calls`);
    assert.equal(refused.length + terminated.length, 500);
  });

  it('a termination is retried as a whole when AWS is busy', async () => {
    await assert.rejects(
      run(ids, () => errorOf('RequestLimitExceeded', 'Request limit exceeded.')),
      { type: 'Provider.throttled', nonRetryable: false },
    );
  });

  it('a termination keeps the time of its first attempt, however quickly it fails', async () => {
    const beats: unknown[] = [];
    const environment = activityEnvironment();
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    const client = {
      async send() {
        throw errorOf('UnauthorizedOperation', 'no');
      },
    };
    const { terminateMachines } = createTerminateActivities(
      { mutating: client } as unknown as AwsClients,
      readerOf({}),
    );
    const began = Date.now();
    await assert.rejects(environment.run(terminateMachines, { machineIds: ids }), { nonRetryable: false });
    assert.equal(beats.length, 1);
    assert.ok(Number(beats[0]) >= began && Number(beats[0]) <= Date.now());
  });

  it('a termination is refused as a whole when AWS has accepted no call for ten minutes, so that the return ends', async () => {
    const elevenMinutesAgo = Date.now() - 11 * 60_000;
    const { refused } = await run(ids, () => errorOf('UnauthorizedOperation', 'no'), elevenMinutesAgo);
    assert.deepEqual(
      refused.map(({ machineId }) => machineId),
      ids,
    );
  });

  it('a termination sends at most 500 ids in a call', async () => {
    const many = Array.from({ length: 1_200 }, (_, index) => `i-${String(index).padStart(8, '0')}`);
    const { calls, terminated } = await run(many, () => undefined);
    assert.deepEqual(
      calls.map((call) => call.length),
      [500, 500, 200],
    );
    assert.equal(terminated.length, 1_200);
  });
});
