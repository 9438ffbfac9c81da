import { strict as assert } from 'node:assert';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { TemplateQuota } from '../../../activities/launch/templateQuota.ts';
import { aTemplate } from '../../fixtures/builders.ts';

/** An open owner: the units requested of it, and the units that it reports. */
interface Owner {
  readonly id: string;
  readonly count: number;
  readonly held?: number;
}

const temporal = (owners: readonly Owner[], calls: string[] = []): Client =>
  ({
    workflow: {
      async *list({ query }: { query: string }) {
        calls.push(query);
        await Promise.resolve();
        for (const { id, count } of owners)
          yield { workflowId: id, typedSearchAttributes: { get: () => count } };
      },
      getHandle: (id: string) => ({
        async query() {
          calls.push(id);
          const held = owners.find((owner) => owner.id === id)?.held;
          if (held === undefined) throw new Error(`${id} knows no such query`);
          return held;
        },
      }),
    },
  }) as unknown as Client;

describe('TemplateQuota', () => {
  const ask = (
    of: TemplateQuota,
    count: number | undefined,
    { maxNumber = 10, createdAt = 0 } = {},
  ): Promise<void> =>
    new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(() =>
      of.rejectIfExceeded({
        owner: { deployment: 'd', provider: 'p', requestId: 'req-5' },
        template: aTemplate({ templateId: 'say "demo"', maxNumber }),
        ...(count === undefined ? {} : { count }),
        createdAt,
        deadline: 1,
      }),
    );

  it('a request that exceeds maxNumber is rejected with the number of machines that others use', async () => {
    const client = temporal([
      { id: 'req-1', count: 6, held: 4 },
      { id: 'req-2', count: 3, held: 3 },
    ]);
    const limits = new TemplateQuota(client);
    await ask(limits, 3);
    await assert.rejects(ask(limits, 4), {
      type: 'LaunchRejected',
      message: /say "demo".*at most 10.*use 7/,
    });
  });

  it('the earlier of two concurrent requests proceeds', () =>
    ask(new TemplateQuota(temporal([{ id: 'req-6', count: 8 }])), 5));

  it('an owner that does not answer counts with the units that were requested of it', () =>
    assert.rejects(ask(new TemplateQuota(temporal([{ id: 'req-1', count: 8 }])), 3), {
      type: 'LaunchRejected',
    }));

  it('no owner is queried while all requested units fit, and no list is read without a maxNumber', async () => {
    const calls: string[] = [];
    const limits = new TemplateQuota(temporal([{ id: 'req-1', count: 5 }], calls));
    await ask(limits, 5);
    await ask(limits, 500, { maxNumber: -1 });
    await ask(limits, undefined);
    assert.equal(calls.length, 1);
    assert.match(calls.join(), /HfTemplate = "say \\"demo\\""$/);
  });

  it('an owner is queried once, because its units never grow', async () => {
    const calls: string[] = [];
    const limits = new TemplateQuota(temporal([{ id: 'req-1', count: 9, held: 2 }], calls));
    await ask(limits, 5);
    await ask(limits, 5);
    assert.deepEqual(
      calls.filter((call) => call.startsWith('req-')),
      ['req-1'],
    );
  });

  it('requests that arrive while a list is read share the next list', async () => {
    const calls: string[] = [];
    const limits = new TemplateQuota(temporal([{ id: 'req-1', count: 5 }], calls));
    await Promise.all(Array.from({ length: 50 }, () => ask(limits, 5)));
    assert.ok(calls.length <= 2, `${calls.length} lists`);
  });

  it('a request created long before the last list reads no list', async () => {
    const calls: string[] = [];
    const owners = [{ id: 'req-1', count: 5 }];
    const limits = new TemplateQuota(temporal(owners, calls));
    await ask(limits, 5);
    await ask(limits, 5);
    assert.equal(calls.length, 2, 'that list did not have it');
    owners.push({ id: 'req-5', count: 5 });
    await ask(limits, 5);
    await ask(limits, 5, { createdAt: Date.now() - 60_000 });
    assert.equal(calls.length, 3);
    await ask(limits, 5, { createdAt: Date.now() });
    assert.equal(calls.length, 4);
  });

  it('owners that have closed since the last list are not counted', async () => {
    const owners: Owner[] = [
      { id: 'req-1', count: 6 },
      { id: 'req-2', count: 3 },
    ];
    const limits = new TemplateQuota(temporal(owners));
    await ask(limits, 1);
    owners.shift();
    await ask(limits, 7);
    await assert.rejects(ask(limits, 8), { type: 'LaunchRejected', message: /use 3/ });
  });

  it('a request proceeds when Temporal cannot list the owners', async () => {
    const client = {
      workflow: {
        list() {
          throw new Error('unavailable');
        },
      },
    } as unknown as Client;
    await ask(new TemplateQuota(client), 5);
  });
});
