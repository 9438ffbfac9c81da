import * as fc from 'fast-check';
import { live, steps } from './ownerModel.ts';

const SEED = 20_261_126;

describe('the ledger of a request', () => {
  it('loses, leaks, doubles and kills nothing in 3,000 random lives', () => {
    const life = fc.property(fc.integer({ min: 1, max: 6 }), steps, (count, all) => live(count, all));
    fc.assert(life, { seed: SEED, numRuns: 3_000 });
  });
});
