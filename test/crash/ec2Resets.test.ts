import { inOwnStack } from './ownStack.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';
import { resetOwners } from './resets.ts';

// Half of the launch methods: the other half runs side by side, in spotFleetAndAutoScalingResets.test.ts.
describe('resets of the owners of RunInstances and EC2 Fleet', function () {
  this.timeout(300_000);

  it('an owner of RunInstances or EC2 Fleet leaks, duplicates and kills no machine when it is reset to any moment of its lifecycle', () =>
    inOwnStack((stack) =>
      resetOwners(
        stack,
        () => {},
        LAUNCH_METHODS.filter(({ api }) => !/^(SpotFleet|AutoScaling)/.test(api)),
      ),
    ));
});
