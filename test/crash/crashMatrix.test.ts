import { startStack } from '../e2e/stack.ts';
import { seeded } from '../fixtures/random.ts';
import { live, type Life } from './life.ts';
import { BOOT, POINTS } from './points.ts';
import { templatesOfAllWays } from './ways.ts';

/** Of a sample of the matrix; `npm run test:crash` plays all of it. */
const SEED = 4;
const KILLS = 3;

describe('machines of every way to get them, none leaked, doubled or killed', function () {
  this.timeout(300_000);

  async function inItsOwnStack(life: Life): Promise<void> {
    const stack = await startStack(undefined, templatesOfAllWays());
    try {
      await live(stack, life);
    } finally {
      await stack.end();
    }
  }

  it(`by a worker that is killed at ${KILLS} points of their lives (seed ${SEED})`, async () => {
    const random = seeded(SEED);
    const chosen = new Set<number>();
    while (chosen.size < KILLS) chosen.add(random.below(POINTS.length));
    const kills = POINTS.filter((_, index) => chosen.has(index)).map((point) => ({
      point,
      mode: random.pick(['hold', 'holdAfter'] as const),
    }));
    await inItsOwnStack({ kills });
  });

  it('by a worker that is killed while they boot', () =>
    inItsOwnStack({ kills: [{ point: BOOT, mode: 'hold' }] }));

  it('when the first answer of every call that changes something is lost', () =>
    inItsOwnStack({ kills: [], dropped: 1 }));
});
