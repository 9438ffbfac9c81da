import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as fc from 'fast-check';
import { endServers } from '../fixtures/temporal/workflowRig.ts';
import { commands } from './commands.ts';
import * as owner from './ownerModel.ts';
import { runSequence } from './workflowModel.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

const USAGE = `npm run test:model -- [--workflows 100] [--owners 20000] [--seed N]

Runs random sequences of commands for requests and returns, and checks the invariants after each.
  --workflows N  sequences for the real workflows, on a Temporal server that skips time; a few seconds each
  --owners N     sequences for the rules of an owner's state alone; thousands per second
  --seed N       the seed of a run to repeat`;

/** A sequence that takes longer waits forever. */
const SEQUENCE_TIMEOUT_MS = 180_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** @returns whether the property holds for all sequences */
async function holds<T>(
  what: string,
  property: fc.IRawProperty<T>,
  seed: number,
  numRuns: number,
): Promise<boolean> {
  const startedAt = Date.now();
  const details = await fc.check(property, {
    seed,
    numRuns,
    timeout: SEQUENCE_TIMEOUT_MS,
    includeErrorInReport: true,
  });
  const outcome = details.failed ? `FAILED\n${await fc.asyncDefaultReportMessage(details)}` : 'passed';
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  say(`${details.numRuns} sequences for ${what}, seed ${seed}, ${seconds} s: ${outcome}`);
  return !details.failed;
}

/** @returns whether all properties hold */
async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      workflows: { type: 'string', default: '100' },
      owners: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const [workflows = 0, owners = 0, seed = 0] = [values.workflows, values.owners, values.seed].map(Number);
  if (![workflows, owners, seed].every((number) => Number.isInteger(number) && number >= 0))
    throw new Error(USAGE);
  const rules = fc.property(fc.integer({ min: 1, max: 6 }), owner.steps, owner.runSequence);
  const rulesHold = await holds('owners', rules, seed, owners);
  return (await holds('workflows', fc.asyncProperty(commands, runSequence), seed, workflows)) && rulesHold;
}

let hasPassed = false;
try {
  hasPassed = await main();
} catch (error) {
  say(messageOf(error));
}
await endServers();
process.exit(hasPassed ? 0 : 1);
