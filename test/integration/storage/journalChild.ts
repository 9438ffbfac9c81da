import { openJournal } from '../../../activities/storage/journal.ts';

/** Appends numbers to a journal forever and prints each acknowledged one. */
const [path = '', name = ''] = process.argv.slice(2);
const fold = { reset() {}, apply: () => 1, liveItems: () => 1_000_000, *snapshot() {} };
const journal = await openJournal<string>({
  path,
  fold,
  onDamage: (damage) => process.stdout.write(`damaged ${JSON.stringify(damage)}\n`),
});
for (let number = 0; ; number++) {
  await journal.append([`${name}-${number}`]);
  process.stdout.write(`${name}-${number}\n`);
}
