import { seeded } from '../fixtures/random.ts';
import { runLifecycle } from './lifecycle.ts';
import { inOwnStack } from './ownStack.ts';
import { CRASH_POINTS, type Kill } from './crashPoints.ts';

/** Of a sample of the matrix; `npm run test:crash` plays all of it. */
const SEED = 4;
const KILLS = 2;

describe('a worker or Temporal killed', function () {
  this.timeout(300_000);

  it(`a worker or Temporal killed at ${KILLS} points leaks, duplicates and kills no machine (seed ${SEED})`, () => {
    const random = seeded(SEED);
    // Where calls are skipped, it would matter whether those before came twice.
    const points = CRASH_POINTS.filter(({ skip }) => skip === undefined);
    const chosen = new Set<number>();
    while (chosen.size < KILLS) chosen.add(random.below(points.length));
    const kills = points
      .filter((_, index) => chosen.has(index))
      .map((point, index): Kill => ({
        victim: index % 2 === 0 ? 'worker' : 'temporal',
        point,
        mode: random.pick(['hold', 'holdAfter'] as const),
      }));
    return inOwnStack((stack) => runLifecycle(stack, { kills }));
  });
});
