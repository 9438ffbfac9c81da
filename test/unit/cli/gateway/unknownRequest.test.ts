import { strict as assert } from 'node:assert';
import type { WorkflowDescription } from '../../../../cli/gateway/gateway.ts';
import { assertNothingAlive } from '../../../../cli/gateway/unknownRequest.ts';
import { createdAtOf, type RequestId } from '../../../../contract/ids.ts';
import { UnavailableError } from '../../../../domain/errors/errors.ts';
import { temporal } from '../../../fixtures/commandLine.ts';

const ID: RequestId = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';
const CREATED = createdAtOf(ID);

describe('a request that Temporal does not know', () => {
  const reply = (changes: object) =>
    temporal({
      query: async () => ({
        kind: 'reply',
        reply: { v: 1, isReady: false, since: CREATED + 1, machines: 0, ...changes },
      }),
    });
  const withoutWorker = (monitor: Partial<WorkflowDescription> | undefined) =>
    temporal({
      query: async () => ({ kind: monitor ? 'unanswered' : 'notFound' }),
      describe: async () =>
        monitor && {
          runId: 'run',
          startedAt: 0,
          isOpen: true,
          isCompleted: false,
          statusName: 'RUNNING',
          ...monitor,
        },
    });
  const check = (calls: Parameters<typeof assertNothingAlive>[0]) =>
    assertNothingAlive(calls, 'fleet-d-p', () => calls.describe('fleet-d-p'), ID);

  it('nothing of it is alive if the monitor is older, or has read AWS and observed no machine of it', async () => {
    await check(reply({ since: CREATED - 1 }));
    await check(reply({ isReady: true }));
    await check(withoutWorker({ startedAt: CREATED - 1 }));
  });

  it('after the loss of the database its machines may be alive, and the call fails', async () => {
    const failing = async (calls: Parameters<typeof check>[0], message: RegExp) =>
      assert.rejects(
        check(calls),
        (error) => error instanceof UnavailableError && message.test(error.message),
      );
    await failing(reply({ isReady: true, machines: 2 }), /2 of its machines are alive\. Run 'ohf adopt'/);
    await failing(reply({}), /the monitor is younger and has not read AWS yet/);
    await failing(withoutWorker({ startedAt: CREATED + 1 }), /Start a worker/);
    await failing(withoutWorker(undefined), /neither req-.* nor the monitor of this provider/);
  });
});
