import { strict as assert } from 'node:assert';
import { createInstanceReadCoalescer } from '../../../activities/aws/instance/instanceReadCoalescer.ts';
import type { InstanceReader, InstanceObservation } from '../../../activities/aws/instance/instanceReader.ts';
import { anObservation } from '../../fixtures/builders.ts';

describe('the instance read coalescer', () => {
  const settings = { minSeconds: 0.01, maxSeconds: 0.02, onError: () => {} };
  const never = (): AbortSignal => new AbortController().signal;

  function reader(
    answer: (ids: readonly string[], read: number) => ReadonlyMap<string, InstanceObservation>,
  ) {
    const reads: (readonly string[])[] = [];
    const instances: InstanceReader = {
      async describeByIds(ids) {
        reads.push(ids);
        return answer(ids, reads.length);
      },
      describeByFilter: async () => [],
    };
    return { instances, reads };
  }
  const all = (ids: readonly string[]): ReadonlyMap<string, InstanceObservation> =>
    new Map(ids.map((id) => [id, { ...anObservation(id), tags: {} }]));

  it('concurrent waiters share one read', async () => {
    const { instances, reads } = reader(all);
    const watcher = createInstanceReadCoalescer(instances, settings);
    await watcher.next(['i-0'], never());
    const waiting = Array.from({ length: 100 }, (_, index) =>
      watcher.next([`i-${index}`, 'i-shared'], never()),
    );
    await Promise.all(waiting);
    assert.deepEqual(
      reads.map((ids) => ids.length),
      [1, 101],
    );
  });

  it('a failed read is shown to no waiter', async () => {
    const { instances, reads } = reader((ids, read) => {
      if (read < 3) throw new Error('AWS is away');
      return all(ids);
    });
    const observed = await createInstanceReadCoalescer(instances, settings).next(['i-1'], never());
    assert.equal(observed.get('i-1')?.state, 'running');
    assert.equal(reads.length, 3);
  });

  it('a cancelled waiter is released and reading stops', async () => {
    const { instances, reads } = reader(() => {
      throw new Error('AWS is away');
    });
    const controller = new AbortController();
    const waiting = createInstanceReadCoalescer(instances, settings).next(['i-1'], controller.signal);
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    const soFar = reads.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(reads.length <= soFar + 1);
  });
});
