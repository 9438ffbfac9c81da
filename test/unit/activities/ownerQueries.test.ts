import { strict as assert } from 'node:assert';
import { Client, type ConnectionLike } from '@temporalio/client';
import { createOwnerQueries } from '../../../activities/owners/ownerQueries.ts';

const NOT_FOUND = 5;

describe('ownerQueries', () => {
  it('a machine counts as acknowledged when Temporal knows neither its owner nor its adopter', async () => {
    const connection = {
      withDeadline: (_: number, work: () => Promise<unknown>) => work(),
      workflowService: {
        async queryWorkflow() {
          throw Object.assign(new Error('lost'), { code: NOT_FOUND, details: 'lost', metadata: new Map() });
        },
      },
    } as unknown as ConnectionLike;
    const ownerQueries = createOwnerQueries(new Client({ connection }));
    assert.deepEqual(await ownerQueries.queryAny('req-1', ['i-1', 'i-2']), ['acknowledged', 'acknowledged']);
  });
});
