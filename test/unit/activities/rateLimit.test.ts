import { strict as assert } from 'node:assert';
import { createTokenBucket } from '../../../activities/aws/rateLimit.ts';

describe('a token bucket', () => {
  it('lets a burst pass, then holds to the rate, and fills again while nothing is asked', () => {
    let now = 1_000_000;
    const bucket = createTokenBucket({ burst: 3, perSecond: 2 }, () => now);
    const take = (count: number): number[] => Array.from({ length: count }, () => bucket.take());
    assert.deepEqual(take(5), [0, 0, 0, 500, 1_000]);
    now += 2_500;
    assert.deepEqual(take(4), [0, 0, 0, 500]);
  });
});
