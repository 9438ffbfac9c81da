import { killCommandLine } from './commandLine.ts';
import { inOwnStack } from './ownStack.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';

describe('an HF script that is killed', function () {
  this.timeout(300_000);

  it('a script that is killed while it calls Temporal leaks, duplicates and kills no machine', () =>
    inOwnStack((stack) =>
      killCommandLine(stack, {
        at: [4],
        ways: LAUNCH_METHODS.map(({ api }) => api).slice(0, 2),
      }),
    ));
});
