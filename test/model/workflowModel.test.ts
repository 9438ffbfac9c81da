import * as fc from 'fast-check';
import { deeds } from './commands.ts';
import { FOUND } from './regressions.ts';
import { live } from './workflowModel.ts';

const SEED = 9;

describe('requests and returns, lived at random', () => {
  it('lose, leak, double and kill nothing', () =>
    fc.assert(fc.asyncProperty(deeds, live), { seed: SEED, numRuns: 3, endOnFailure: true }));

  for (const [what, found] of Object.entries(FOUND)) it(`nor when ${what}`, () => live(found));
});
