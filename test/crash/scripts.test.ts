import { killCommandLine } from './commandLine.ts';
import { inOwnStack } from './ownStack.ts';
import { WAYS } from './launchMethods.ts';

describe('an HF script that is killed', function () {
  this.timeout(300_000);

  it('while it talks to Temporal leaks, doubles and kills no machine', () =>
    inOwnStack((stack) =>
      killCommandLine(stack, {
        at: [4],
        ways: WAYS.map(({ api }) => api).slice(0, 2),
      }),
    ));
});
