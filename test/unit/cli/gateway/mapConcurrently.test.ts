import assert from 'node:assert/strict';
import { mapConcurrently } from '../../../../cli/gateway/mapConcurrently.ts';

describe('mapConcurrently', () => {
  it('concurrent work keeps the order of its items and never exceeds its limit', async () => {
    let running = 0;
    let most = 0;
    const results = await mapConcurrently([3, 1, 2, 0], 2, async (item) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      running--;
      return item * 10;
    });
    assert.deepEqual(results, [30, 10, 20, 0]);
    assert.equal(most, 2);
  });
});
