import { startStack, type Stack } from '../e2e/stack.ts';
import { seeded } from '../fixtures/random.ts';
import { killCommandLine } from './commandLine.ts';
import { live } from './life.ts';
import { POINTS, type Kill } from './points.ts';
import { resetOwners } from './resets.ts';
import { templatesOfAllWays, WAYS } from './ways.ts';

/** Of a sample of the matrix; `npm run test:crash` plays all of it. */
const SEED = 4;
const KILLS = 2;

describe('machines of every way to get them, none leaked, doubled or killed', function () {
  this.timeout(300_000);

  async function inItsOwnStack(body: (stack: Stack) => Promise<void>): Promise<void> {
    const stack = await startStack(undefined, templatesOfAllWays());
    try {
      await body(stack);
    } finally {
      await stack.end();
    }
  }

  it(`by a worker or Temporal killed at ${KILLS} points of their lives (seed ${SEED})`, () => {
    const random = seeded(SEED);
    // Where calls are skipped, it would matter whether those before came twice.
    const points = POINTS.filter(({ skip }) => skip === undefined);
    const chosen = new Set<number>();
    while (chosen.size < KILLS) chosen.add(random.below(points.length));
    const kills = points
      .filter((_, index) => chosen.has(index))
      .map((point, index): Kill => ({
        victim: index % 2 === 0 ? 'worker' : 'temporal',
        point,
        mode: random.pick(['hold', 'holdAfter'] as const),
      }));
    return inItsOwnStack((stack) => live(stack, { kills }));
  });

  it('by owners that are reset to each moment of their lives', () =>
    inItsOwnStack((stack) => resetOwners(stack, () => {})));

  it('by scripts that are killed while they speak to Temporal', () =>
    inItsOwnStack((stack) =>
      killCommandLine(stack, {
        at: [4],
        ways: WAYS.map(({ api }) => api).slice(0, 2),
      }),
    ));
});
