import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { tryLock } from '../../../activities/storage/lock.ts';

describe('a lock on a directory that several hosts share', () => {
  const MINUTE = 60_000;
  let folder: string;
  let now: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohf-lock-'));
    now = 0;
    mock.method(performance, 'now', () => now);
  });
  afterEach(async () => {
    mock.reset();
    await rm(folder, { recursive: true });
  });

  /** The lock file of a process of another host, running or not. */
  const foreign = async (): Promise<string> => {
    const path = join(folder, 'another-host+7+boot.1+00');
    await writeFile(path, '');
    return path;
  };

  it('a lock passes to another host a minute after the last touch of its holder', async () => {
    const path = await foreign();
    assert.equal(await tryLock(folder), undefined);
    now += MINUTE - 1;
    assert.equal(await tryLock(folder), undefined);
    const later = new Date(Date.now() + 1_000);
    await utimes(path, later, later);
    assert.equal(await tryLock(folder), undefined);
    now += MINUTE - 1;
    assert.equal(await tryLock(folder), undefined);
    now += 1;
    const lock = await tryLock(folder);
    assert.ok(lock);
    assert.equal((await readdir(folder)).length, 1);
    await lock.release();
    assert.deepEqual(await readdir(folder), []);
  });

  it('a holder learns that another process removed its lock', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    const lock = await tryLock(folder);
    assert.ok(lock);
    mock.timers.tick(MINUTE);
    assert.equal(lock.lost.aborted, false);
    const [mine = ''] = await readdir(folder);
    await rm(join(folder, mine));
    const lost = once(lock.lost, 'abort');
    mock.timers.tick(MINUTE);
    await lost;
    await lock.release();
  });
});
