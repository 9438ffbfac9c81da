import { CHECKS } from './checks/all.ts';
import { runConformance } from './run.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const USAGE = `npm run conformance            every check against the scripts as \`ohf install\` installs them
npm run conformance -- 31 39   these checks only`;

/** @throws Error for a word that is no check's number */
function numbersOf(words: readonly string[]): readonly number[] {
  return words.map((word) => {
    const found = CHECKS.find(({ number }) => String(number) === word);
    if (!found) throw new Error(`There is no check '${word}'; they are numbered from 1 to ${CHECKS.length}.`);
    return found.number;
  });
}

async function main(words: readonly string[]): Promise<boolean> {
  if (!words.includes('--help')) return runConformance(say, numbersOf(words));
  say(USAGE);
  return true;
}

let isKept = false;
try {
  isKept = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isKept ? 0 : 1);
