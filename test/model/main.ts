import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { live, steps } from './ledger.ts';

const USAGE = `npm run test:model -- [--lives 20000] [--seed N]

Lets ledgers of requests live at random, and checks after each step what must be true.
  --lives  how many, thousands a second
  --seed   of a run to repeat`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns whether all was true */
function main(): boolean {
  const { values } = parseArgs({
    options: {
      lives: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const [numRuns = 0, seed = 0] = [values.lives, values.seed].map(Number);
  if (!Number.isInteger(numRuns) || numRuns < 1 || !Number.isInteger(seed)) throw new Error(USAGE);
  const began = Date.now();
  const life = fc.property(fc.integer({ min: 1, max: 6 }), steps, live);
  const details = fc.check(life, { seed, numRuns, includeErrorInReport: true });
  const outcome = details.failed ? `BROKEN\n${fc.defaultReportMessage(details)}` : 'all true';
  say(`${details.numRuns} lives, seed ${seed}, ${Math.round((Date.now() - began) / 1_000)} s: ${outcome}`);
  return !details.failed;
}

let isHeld = false;
try {
  isHeld = main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
}
process.exit(isHeld ? 0 : 1);
