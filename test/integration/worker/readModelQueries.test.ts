import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createReadModelHandler } from '../../../activities/events/readModel/readModel.ts';
import { loadWorkerConfig } from '../../../config/index.ts';
import { numberEvents, type DomainEvent, type EventBody } from '../../../domain/events/event.ts';
import {
  withReadModel,
  type AuditLine,
  type EventFilter,
  type ReadModelQueries,
} from '../../../worker/pipeline/readModelQueries.ts';
import { openStorage, storageDirectory, type WorkerStorage } from '../../../worker/pipeline/storage.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

const idOf = (n: number): string => `req-0198c0de-0000-7000-8000-00000000000${n}`;
const RETURN = 'ret-0198c0de-0000-7000-8000-000000000000';
const note = (message: string): never => assert.fail(message);

function eventsOf(requestId: string, at: number, ...bodies: readonly EventBody[]): DomainEvent[] {
  return numberEvents(
    bodies,
    { stream: requestId, requestId, deployment: 'embedded', provider: 'awsinst', at },
    1,
  );
}
const created = (machineId: string): EventBody => ({
  type: 'MachineCreated',
  machineId,
  instanceType: 't3.medium',
  spot: false,
  units: 1,
});
const asked: EventBody = { type: 'RequestCreated', templateId: 'demo', count: 12, deadline: 9 };

for (const type of ['json', 'sqlite'] as const) {
  describe(`queries of the ${type} read model`, () => {
    let folder: Scratch;
    let env: Record<string, string>;
    let storage: WorkerStorage;
    beforeEach(async () => {
      folder = await scratch();
      env = {
        OHF_AWS_ENDPOINT: 'http://127.0.0.1:1',
        OHF_STORAGE_TYPE: type,
        OHF_STORAGE_DIRECTORY: join(folder.directory, 'storage'),
      };
      const config = await loadWorkerConfig(env);
      storage = await openStorage(config, storageDirectory(config, env), () => assert.fail('damaged'));
      const machines = Array.from({ length: 12 }, (_, index) => created(`i-${index}`));
      const returned: EventBody = { type: 'ReturnRequested', returnId: RETURN, machineIds: ['i-3', 'i-4'] };
      await publish(eventsOf(idOf(1), 1_000, asked, ...machines, returned));
      await publish(eventsOf(idOf(2), 2_000, asked, created('i-99')));
    });
    afterEach(async () => {
      await storage.outbox.close();
      await storage.store.close();
      await folder.remove();
    });

    /** Publishes like a worker. */
    async function publish(events: readonly DomainEvent[]): Promise<void> {
      const before = storage.outbox.newestOffset();
      await storage.outbox.append(`run of ${events[0]?.stream}`, events);
      await createReadModelHandler(storage.store).handle(await storage.outbox.readAfter(before, 1_000));
    }
    const ask = <T>(work: (records: ReadModelQueries) => Promise<T>): Promise<T> =>
      withReadModel(env, note, work);
    const shown = async (filter: EventFilter, limit = 100): Promise<string[]> =>
      (await ask((records) => records.events(filter, limit))).map(
        ({ what, id }) => `${what} ${id.split('/')[1]}`,
      );

    it(`the ${type} read model returns events in order, also those with the same time`, async () => {
      assert.deepEqual(await shown({ id: idOf(1) }), [
        'RequestCreated 1',
        ...Array.from({ length: 12 }, (_, index) => `MachineCreated ${index + 2}`),
        'ReturnRequested 14',
      ]);
    });

    for (const [what, filter, expected] of [
      [
        'of a machine, with the return that named it',
        { machineId: 'i-3' },
        ['MachineCreated 5', 'ReturnRequested 14'],
      ],
      ['of a return', { id: RETURN }, ['ReturnRequested 14']],
      ['of a machine of another request', { id: idOf(2), machineId: 'i-3' }, []],
      ['of a type', { type: 'RequestCreated' }, ['RequestCreated 1', 'RequestCreated 1']],
      ['of a time', { from: 1_500, to: 2_001 }, ['RequestCreated 1', 'MachineCreated 2']],
      ['of a time that is over', { to: 1_000 }, []],
    ] as const satisfies readonly (readonly [string, EventFilter, readonly string[]])[]) {
      it(`the ${type} read model returns events ${what}`, async () =>
        assert.deepEqual(await shown(filter), expected));
    }

    it(`the ${type} read model returns the newest events up to the limit`, async () => {
      assert.deepEqual(await shown({}, 3), ['ReturnRequested 14', 'RequestCreated 1', 'MachineCreated 2']);
    });

    it(`the ${type} read model is followed without a duplicate as events are published`, async () => {
      const lines: AuditLine[] = [];
      const ended = new AbortController();
      const followed = ask((records) =>
        records.follow({ type: 'RequestCreated' }, 1, async (line) => void lines.push(line), ended.signal),
      );
      await eventually('the newest is shown', () => lines.length === 1);
      await publish(eventsOf(idOf(3), 3_000, asked, created('i-100')));
      await eventually('the next is shown', () => lines.length === 2);
      ended.abort();
      await followed;
      assert.deepEqual(
        lines.map(({ requestId, who }) => [requestId, who]),
        [
          [idOf(2), 'Host Factory'],
          [idOf(3), 'Host Factory'],
        ],
      );
    });

    it(`the ${type} read model returns requests with their machines while it keeps them`, async () => {
      const [requests, found] = await ask(
        async (records) =>
          [await records.requests({ templateId: 'demo' }, 10), await records.request(idOf(2))] as const,
      );
      assert.deepEqual(
        requests.map(({ id, alive }) => [id, alive]),
        [
          [idOf(2), 1],
          [idOf(1), 12],
        ],
      );
      assert.deepEqual(
        found?.machines.map(({ id }) => id),
        ['i-99'],
      );
      assert.deepEqual(await ask((records) => records.requests({ templateId: 'other' }, 10)), []);
      assert.equal(await ask((records) => records.request(idOf(9))), undefined);
    });
  });
}
