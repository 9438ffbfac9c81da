import { inOwnStack } from './ownStack.ts';
import { resetOwners } from './resets.ts';

describe('an owner that is reset', function () {
  this.timeout(300_000);

  it('to each moment of its life leaks, doubles and kills no machine', () =>
    inOwnStack((stack) => resetOwners(stack, () => {})));
});
