import { randomInt } from 'node:crypto';
import { readOptions } from '../hfsim/options.ts';
import { simulate } from '../hfsim/simulation.ts';
import { watchWorker } from './watch.ts';

const USAGE = `npm run soak -- [--minutes 10] [--faults 1%] [--hosts 40] [--seed N] [--speed 30]

Plays Host Factory for so many minutes by the clock (npm run hfsim -- --help) against one worker that is never killed.
Exit code 0: the books are equal, its memory is flat, no file or socket stays open, and no history grew long.`;

const DEFAULTS = { minutes: 10, speed: 30, faults: 0.01, hosts: 40 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<boolean> {
  if (words.includes('--help')) {
    say(USAGE);
    return true;
  }
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ended.abort());
  const options = readOptions(words, randomInt(2 ** 31), DEFAULTS);
  const minutes = options.minutes * options.speed;
  return simulate({ ...options, minutes }, say, ended.signal, watchWorker);
}

let isWell = false;
try {
  isWell = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isWell ? 0 : 1);
