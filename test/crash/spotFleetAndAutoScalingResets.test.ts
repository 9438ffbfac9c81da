import { inOwnStack } from './ownStack.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';
import { resetOwners } from './resets.ts';

// Half of the launch methods: the other half runs side by side, in ec2Resets.test.ts.
describe('resets of the owners of Spot Fleet and Auto Scaling', function () {
  this.timeout(300_000);

  it('an owner of Spot Fleet or Auto Scaling leaks, duplicates and kills no machine when it is reset to any moment of its lifecycle', () =>
    inOwnStack((stack) =>
      resetOwners(
        stack,
        () => {},
        LAUNCH_METHODS.filter(({ api }) => /^(SpotFleet|AutoScaling)/.test(api)),
      ),
    ));
});
