import { strict as assert } from 'node:assert';
import { mock } from 'node:test';
import { DefaultLogger } from '@temporalio/worker';
import { openStore } from '../../../activities/storage/openStore.ts';
import type { Store } from '../../../activities/storage/store.ts';
import { loadWorkerConfig } from '../../../config/index.ts';
import { openEventPipeline, type EventPipeline } from '../../../worker/pipeline/eventPipeline.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { aRequestRecord } from '../../fixtures/recordBuilders.ts';

const DAY = 24 * 60 * 60_000;
const onDamage = (): never => assert.fail('nothing is damaged');

describe('retention of the read model', () => {
  let files: Scratch;
  let events: EventPipeline | undefined;
  let store: Store | undefined;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(async () => {
    mock.timers.reset();
    await store?.close();
    await events?.close();
    await files.remove();
  });

  it('the read model removes what ended longer ago than keepDays, and nothing that is open', async () => {
    const now = Date.now();
    mock.timers.enable({ apis: ['setInterval', 'Date'], now });
    const settings = { storage: { type: 'sqlite', keepDays: 30, directory: files.directory } };
    const config = await loadWorkerConfig({
      OHF_CONFIG: await files.write('config.json', settings),
      OHF_AWS_ENDPOINT: 'http://127.0.0.1:1',
    });
    store = await openStore({ type: 'sqlite', directory: `${files.directory}/read-model` }, onDamage);
    await store.commit([
      { table: 'requests', put: aRequestRecord('req-ended', { at: now, endedAt: now }) },
      { table: 'requests', put: aRequestRecord('req-open', { at: now - 90 * DAY }) },
    ]);
    events = await openEventPipeline(config, files.directory, new DefaultLogger('ERROR', () => {}));
    const left = async (): Promise<string[]> => {
      const { rows } = (await store?.list('requests')) ?? { rows: [] };
      return rows.map(({ id }) => id).toSorted();
    };
    mock.timers.tick(29 * DAY);
    assert.deepEqual(await left(), ['req-ended', 'req-open']);
    mock.timers.tick(2 * DAY);
    await eventually('the ended one is removed', async () => (await left()).length === 1);
    assert.deepEqual(await left(), ['req-open']);
  });
});
