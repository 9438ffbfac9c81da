import assert from 'node:assert/strict';
import { readStatus } from '../../../../cli/gateway/readStatus.ts';
import { createdAtOf, type RequestId } from '../../../../contract/ids.ts';
import { releases } from '../../../fixtures/releases.ts';
import { temporal } from '../../../fixtures/commandLine.ts';

const ID: RequestId = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';
const LATER = createdAtOf(ID) + 3_600_000;
const ours = { deployment: 'd', provider: 'p', assertNothingAlive: () => Promise.resolve() };

describe('the command line', () => {
  for (const { release, request, view, memo, machines } of releases()) {
    it(`the command line reads the status from a worker of ${release}`, async () => {
      const calls = temporal({ query: () => Promise.resolve({ kind: 'reply', reply: view }) });
      assert.deepEqual(await readStatus(calls, ID, LATER, ours), {
        status: 'complete',
        message: view.message,
        machines,
      });
    });

    it(`the command line reads the memo of ${release} while no worker runs`, async () => {
      const calls = temporal({
        query: () => Promise.resolve({ kind: 'unanswered' }),
        describe: () =>
          Promise.resolve({
            runId: 'run',
            startedAt: 0,
            isOpen: true,
            isCompleted: false,
            statusName: 'RUNNING',
            memo,
          }),
        readInput: () =>
          Promise.resolve({ ...request, requestId: ID, deployment: 'd', provider: 'p', createdAt: 0 }),
      });
      const { status, message } = await readStatus(calls, ID, LATER, ours);
      assert.deepEqual([status, message], ['running', 'so far']);
    });
  }
});
