import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { AREAS } from './areas/all.ts';
import type { Property } from './property.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

const USAGE = `npm run test:fuzz -- [--cases 10000] [--seed N] [--only TEXT]

Gives made-up input to everything that takes input from outside, and checks what must hold for each answer.
  --cases  how many cases in all, at least
  --seed   of a run to repeat
  --only   the properties with this in their name`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      only: { type: 'string', default: '' },
    },
  });
  const cases = Number(values.cases);
  const seed = Number(values.seed);
  if (!Number.isInteger(cases) || cases < 1 || !Number.isInteger(seed)) throw new Error(USAGE);
  const areas = await Promise.all(AREAS.map((open) => open()));
  try {
    const properties = areas
      .flatMap((area) => area.properties)
      .filter(({ name }) => name.includes(values.only));
    return await checkAll(properties, cases, seed);
  } finally {
    await Promise.all(areas.map((area) => area.close()));
  }
}

async function checkAll(properties: readonly Property[], cases: number, seed: number): Promise<boolean> {
  const shares = properties.reduce((sum, { share }) => sum + share, 0);
  say(`seed ${seed}: ${properties.length} properties`);
  let done = 0;
  let broken = 0;
  for (const property of properties) {
    const began = Date.now();
    const numRuns = Math.ceil((cases * property.share) / shares);
    const verdict = await property.check({ seed, numRuns });
    done += verdict.cases;
    if (verdict.broken !== undefined) broken += 1;
    const outcome = verdict.broken === undefined ? 'holds' : `BROKEN\n${verdict.broken}`;
    say(`${String(verdict.cases).padStart(6)}  ${property.name} (${Date.now() - began} ms): ${outcome}`);
  }
  say(`${done} cases, seed ${seed}: ${properties.length - broken} of ${properties.length} properties hold`);
  return properties.length > 0 && broken === 0;
}

let isHeld = false;
try {
  isHeld = await main();
} catch (error) {
  say(messageOf(error));
}
process.exit(isHeld ? 0 : 1);
