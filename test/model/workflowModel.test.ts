import * as fc from 'fast-check';
import { commands } from './commands.ts';
import { REGRESSIONS } from './regressions.ts';
import { runSequence } from './workflowModel.ts';

const SEED = 9;

describe('random commands for requests and returns', () => {
  it('the workflows never launch twice, leak, forget or wrongly release a machine', () =>
    fc.assert(fc.asyncProperty(commands, runSequence), { seed: SEED, numRuns: 3, endOnFailure: true }));

  for (const [what, sequence] of Object.entries(REGRESSIONS))
    it(`the workflows leak and wrongly release no machine when ${what}`, () => runSequence(sequence));
});
