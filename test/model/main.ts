import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { endServers } from '../fixtures/temporal/workflowRig.ts';
import { deeds } from './commands.ts';
import * as ledger from './ownerModel.ts';
import { live } from './workflowModel.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

const USAGE = `npm run test:model -- [--lives 100] [--ledgers 20000] [--seed N]

Lets requests and returns live at random, and checks after each step what must be true.
  --lives    of the real workflows, on a Temporal server that skips time; a few seconds each
  --ledgers  of the ledger's rules alone, thousands a second
  --seed     of a run to repeat`;

/** No life takes as long, but one that waits for ever. */
const LIFE_MS = 180_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns whether it held */
async function holds<T>(
  what: string,
  property: fc.IRawProperty<T>,
  seed: number,
  numRuns: number,
): Promise<boolean> {
  const began = Date.now();
  const details = await fc.check(property, { seed, numRuns, timeout: LIFE_MS, includeErrorInReport: true });
  const outcome = details.failed ? `BROKEN\n${await fc.asyncDefaultReportMessage(details)}` : 'all true';
  const seconds = Math.round((Date.now() - began) / 1_000);
  say(`${details.numRuns} lives of ${what}, seed ${seed}, ${seconds} s: ${outcome}`);
  return !details.failed;
}

/** @returns whether all was true */
async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      lives: { type: 'string', default: '100' },
      ledgers: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const [lives = 0, ledgers = 0, seed = 0] = [values.lives, values.ledgers, values.seed].map(Number);
  if (![lives, ledgers, seed].every((number) => Number.isInteger(number) && number >= 0))
    throw new Error(USAGE);
  const rules = fc.property(fc.integer({ min: 1, max: 6 }), ledger.steps, ledger.live);
  const ledgersHold = await holds('ledgers', rules, seed, ledgers);
  return (await holds('workflows', fc.asyncProperty(deeds, live), seed, lives)) && ledgersHold;
}

let isHeld = false;
try {
  isHeld = await main();
} catch (error) {
  say(messageOf(error));
}
await endServers();
process.exit(isHeld ? 0 : 1);
