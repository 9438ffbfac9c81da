import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appendLines, rotatedFiles } from '../../../logging/file.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

const CHILD = fileURLToPath(new URL('appendChild.js', import.meta.url));

describe('a log file', () => {
  let files: Scratch;
  let path: string;
  beforeEach(async () => {
    files = await scratch();
    path = join(files.directory, 'awsinst-provider.host.log');
  });
  afterEach(() => files.remove());

  const text = async (): Promise<string> => {
    const all = await Promise.all([...rotatedFiles(path), path].map((file) => readFile(file, 'utf8')));
    return all.join('');
  };

  it('a log file is rotated before it exceeds its size, and only so many rotated files are kept', async () => {
    for (let number = 1; number <= 9; number++) {
      appendLines({ path, maxBytes: 10, keepFiles: 2 }, `line ${number}\n`);
      assert.ok((await stat(path)).size <= 10);
    }
    assert.equal(await text(), 'line 7\nline 8\nline 9\n');
    appendLines({ path, maxBytes: 10, keepFiles: 0 }, 'line 10\n');
    assert.equal(await text(), 'line 10\n');
  });

  it('a rotation removes no file that is not a rotated file of this log', async () => {
    const others = [`${path}.gz`, `${path}.1`, join(files.directory, 'other.log.20260101T000000000Z-1-1')];
    for (const other of others) await writeFile(other, 'theirs');
    for (let number = 0; number < 4; number++) appendLines({ path, maxBytes: 5, keepFiles: 1 }, 'line\n');
    for (const other of others) assert.equal(await readFile(other, 'utf8'), 'theirs');
  });

  it('no line is lost or torn while processes append, rotate and are killed at the same time', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const written = await Promise.all(
      names.map(async (name, index) => {
        const child = spawn(process.execPath, [CHILD, path, name, '300', '2000'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let printed = '';
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          printed += chunk;
          if (index < 2 && printed.split('\n').length > 50 * (index + 1)) child.kill('SIGKILL');
        });
        await once(child, 'close');
        return { name, count: printed.split('\n').length - 1 };
      }),
    );
    const lines = (await text()).trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { name: string; number: number });
    for (const { name, count } of written) {
      const numbers = records.filter((line) => line.name === name).map(({ number }) => number);
      assert.equal(new Set(numbers).size, numbers.length, `${name} has a line twice`);
      // A killed process may have written a line that it had no time to print.
      assert.ok(numbers.length - count <= 1, `${name} wrote ${count} lines, ${numbers.length} are there`);
      for (let number = 1; number <= count; number++)
        assert.ok(numbers.includes(number), `${name} ${number}`);
    }
    assert.deepEqual(
      written.slice(2).map(({ count }) => count),
      [300, 300, 300, 300],
    );
    assert.ok(rotatedFiles(path).length > 50);
  });

  it('a line after one that a full disk cut starts on a line of its own', async () => {
    await appendFile(path, '{"half');
    appendLines({ path, maxBytes: 1_000, keepFiles: 1 }, '{}\n');
    assert.equal(await text(), '{"half\n{}\n');
  });

  it('a log file that cannot be written makes the append throw', async () => {
    const full = join(files.directory, 'full.log');
    await symlink('/dev/full', full);
    assert.throws(() => appendLines({ path: full, maxBytes: 10, keepFiles: 1 }, '{}\n'), { code: 'ENOSPC' });
    assert.throws(() => appendLines({ path: join(path, 'no.log'), maxBytes: 10, keepFiles: 1 }, '{}\n'), {
      code: 'ENOENT',
    });
  });

  it('a log file that cannot be renamed grows beyond its size', async () => {
    // No room for a time behind this name.
    const long = join(files.directory, 'l'.repeat(250));
    appendLines({ path: long, maxBytes: 10, keepFiles: 1 }, 'line 1\n');
    appendLines({ path: long, maxBytes: 10, keepFiles: 1 }, 'line 2\n');
    assert.equal(await readFile(long, 'utf8'), 'line 1\nline 2\n');
  });
});
