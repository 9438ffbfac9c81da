import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournal } from '../../../activities/storage/journal.ts';
import { seeded } from '../../fixtures/random.ts';
import { scratch } from '../../fixtures/scratch.ts';

const CHILD = fileURLToPath(new URL('journalChild.js', import.meta.url));
/** `npm run test:kills` sets 200. */
const KILLS = Number(process.env['OHF_KILLS'] ?? 32);
const AT_ONCE = 4;

describe('a journal whose writers are killed', () => {
  it(`a shared journal keeps every acknowledged value once and in order through ${KILLS} kills of its writers`, async () => {
    const folder = await scratch();
    const path = join(folder.directory, 'shared.jsonl');
    const random = seeded(11);
    const acknowledged: string[] = [];
    const writers = Array.from({ length: AT_ONCE }, async (_, writer) => {
      for (let kill = 0; kill < KILLS / AT_ONCE; kill++) {
        acknowledged.push(...(await writeUntilKilled(path, `${writer}.${kill}`, 1 + random.below(20))));
      }
    });
    await Promise.all(writers);

    const kept: string[] = [];
    const journal = await openJournal<string>({
      path,
      fold: {
        reset: () => kept.splice(0),
        apply: (value) => kept.push(value),
        liveItems: () => Infinity,
        *snapshot() {},
      },
      onDamage: (damage) => assert.fail(JSON.stringify(damage)),
    });
    await journal.close();
    assert.ok(acknowledged.length >= KILLS);
    const missing = acknowledged.filter((value) => !kept.includes(value));
    assert.deepEqual(missing, []);
    assert.equal(new Set(kept).size, kept.length);
    for (const writer of new Set(kept.map((value) => value.split('-')[0]))) {
      const numbers = kept
        .filter((value) => value.startsWith(`${writer}-`))
        .map((value) => Number(value.split('-')[1]));
      assert.deepEqual(numbers, [...numbers.keys()], `the values of ${writer}`);
    }
    await folder.remove();
  }).timeout(60_000 + KILLS * 1_000);
});

/** What a child acknowledged until it was killed, a few acknowledgements after its first. */
async function writeUntilKilled(path: string, name: string, after: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, path, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > after) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return output.split('\n').slice(0, -1);
}
