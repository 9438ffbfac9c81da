import { CHECKS } from './checks/all.ts';
import { runConformance } from './run.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const USAGE = `npm run conformance            every check against the scripts as \`ohf install\` installs them
npm run conformance -- 31 39   these checks only
npm run conformance -- 60 --minutes 10   the calls at random of check 60 for so long, instead of seconds`;

/** @throws Error for a word that is no check's number */
function numbersOf(words: readonly string[]): readonly number[] {
  return words.map((word) => {
    const found = CHECKS.find(({ number }) => String(number) === word);
    if (!found) throw new Error(`There is no check '${word}'; they are numbered from 1 to ${CHECKS.length}.`);
    return found.number;
  });
}

async function main(words: readonly string[]): Promise<boolean> {
  if (words.includes('--help')) {
    say(USAGE);
    return true;
  }
  const place = words.indexOf('--minutes');
  const minutes = place < 0 ? undefined : Number(words[place + 1]);
  if (minutes !== undefined && !(minutes > 0)) throw new Error('--minutes takes a number of minutes.');
  const numbers = place < 0 ? words : words.toSpliced(place, 2);
  return runConformance(say, numbersOf(numbers), minutes && minutes * 60);
}

let isKept = false;
try {
  isKept = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isKept ? 0 : 1);
