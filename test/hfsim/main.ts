import { randomInt } from 'node:crypto';
import { inspect } from 'node:util';
import { readOptions, USAGE } from './options.ts';
import { simulate } from './simulation.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(words: readonly string[]): Promise<boolean> {
  if (words.includes('--help')) {
    say(USAGE);
    return true;
  }
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => ended.abort());
  return simulate(readOptions(words, randomInt(2 ** 31)), say, ended.signal);
}

let isEqual = false;
try {
  isEqual = await main(process.argv.slice(2));
} catch (error) {
  // With its causes: why a history cannot be replayed, e.g.
  say(inspect(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isEqual ? 0 : 1);
