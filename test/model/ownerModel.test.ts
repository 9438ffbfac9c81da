import * as fc from 'fast-check';
import { runSequence, steps } from './ownerModel.ts';

const SEED = 20_261_126;

describe("the rules of an owner's state", () => {
  it('an owner never launches twice, leaks, forgets or wrongly releases a machine in 3,000 random sequences', () => {
    const property = fc.property(fc.integer({ min: 1, max: 6 }), steps, (count, all) =>
      runSequence(count, all),
    );
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });
});
