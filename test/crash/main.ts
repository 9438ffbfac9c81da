import { startStack } from '../e2e/stack.ts';
import { live, type Life } from './life.ts';
import { BOOT, CHANGES, POINTS, type Kill } from './points.ts';
import { templatesOfAllWays, WAYS } from './ways.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const LIVES: readonly (readonly [string, Life])[] = [
  ['a kill before each effect', { kills: POINTS.map((point) => ({ point, mode: 'hold' })) }],
  ['a kill after each effect', { kills: POINTS.map((point) => ({ point, mode: 'holdAfter' })) }],
  ['a kill while machines boot', { kills: [{ point: BOOT, mode: 'hold' }] }],
  ['the first answer of each call lost', { kills: [], dropped: 1 }],
  ['the first two answers of each call lost', { kills: [], dropped: 2 }],
];

/** Plays the whole matrix, each row in a stack of its own; true when nothing leaked, doubled or was killed. */
async function main(): Promise<boolean> {
  say(
    `${WAYS.length} ways to get machines: ${WAYS.map(({ api, priceType }) => `${api} (${priceType})`).join(', ')}`,
  );
  let held = 0;
  for (const [name, life] of LIVES) {
    say(`\n${name}`);
    const onKill = ({ point }: Kill): void =>
      say(`  killed at: ${point.name} (${Object.keys(point.calls).join(', ')})`);
    if (life.dropped !== undefined) say(`  lost: ${[...CHANGES.keys()].join(', ')}`);
    const began = Date.now();
    const stack = await startStack(undefined, templatesOfAllWays());
    try {
      await live(stack, { ...life, onKill });
      held += 1;
      say(`  0 leaked, 0 doubled, 0 bystanders killed (${Math.round((Date.now() - began) / 1_000)} s)`);
    } catch (error) {
      say(`  FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    } finally {
      await stack.end();
    }
  }
  say(`\n${held} of ${LIVES.length} lives ended with equal books`);
  return held === LIVES.length;
}

let isHeld = false;
try {
  isHeld = await main();
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isHeld ? 0 : 1);
