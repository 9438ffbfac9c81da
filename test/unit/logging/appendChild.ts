import { writeSync } from 'node:fs';
import { appendLines } from '../../../logging/file.ts';

/** Appends numbered lines, and prints each number once its line is in the log. */
const [path = '', name, count, maxBytes] = process.argv.slice(2);
for (let number = 1; number <= Number(count); number++) {
  const line = JSON.stringify({ name, number, text: 'x'.repeat((number * 37) % 200) });
  appendLines({ path, maxBytes: Number(maxBytes), keepFiles: 10_000 }, `${line}\n`);
  writeSync(1, `${number}\n`);
}
