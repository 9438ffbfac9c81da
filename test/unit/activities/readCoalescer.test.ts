import { strict as assert } from 'node:assert';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createReadCoalescer } from '../../../activities/aws/instance/readCoalescer.ts';

describe('the pace at which AWS is read', () => {
  afterEach(() => mock.reset());

  /** @returns when each read began, ms, of reads that take `tookMs` and begin every second */
  async function beginnings(tookMs: number): Promise<number[]> {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    mock.method(performance, 'now', () => Date.now());
    const began: number[] = [];
    const watcher = createReadCoalescer<string>({
      async read() {
        began.push(Date.now());
        await new Promise((resolve) => setTimeout(resolve, tookMs));
        return new Map();
      },
      intervalSeconds: () => 1,
      onError: assert.ifError,
    });
    const waiting = async (): Promise<void> => {
      while (began.length < 3) await watcher.next(['i-1'], new AbortController().signal);
    };
    const done = waiting().then(() => true);
    while (!(await Promise.race([done, turn(false)]))) mock.timers.tick(50);
    return began;
  }

  it('the read interval counts from the beginning of a read', async () =>
    assert.deepEqual(await beginnings(200), [0, 1_000, 2_000]));

  it('slow reads still leave half of the interval between them', async () =>
    assert.deepEqual(await beginnings(2_000), [0, 2_500, 5_000]));
});
