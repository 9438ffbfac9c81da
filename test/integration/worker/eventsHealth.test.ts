import { packEvents } from '../../../domain/events/packed.ts';
import assert from 'node:assert/strict';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { createEventActivities } from '../../../activities/events/outbox/eventActivities.ts';
import { DEFAULTS, type Config } from '../../../config/index.ts';
import { openEventPipeline, type EventPipeline } from '../../../worker/pipeline/eventPipeline.ts';
import { workerChecks } from '../../../worker/health/checks.ts';
import { createMetrics } from '../../../worker/health/metrics.ts';
import { createReadiness } from '../../../worker/health/readiness.ts';
import type { OpenProvider } from '../../../worker/startup/providers.ts';
import { markRebuilt } from '../../../worker/pipeline/storage.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };

describe('the health of the event pipeline', () => {
  let folder: Scratch;
  let directory: string;
  let site: string;
  let events: EventPipeline;
  const open = async (): Promise<EventPipeline> => {
    const config: Config = { ...DEFAULTS, events: { ...DEFAULTS.events, module: site } };
    return openEventPipeline(config, directory, quiet);
  };
  beforeEach(async () => {
    folder = await scratch();
    directory = join(folder.directory, 'storage');
    site = await folder.write(
      'site.mjs',
      `import { existsSync } from 'node:fs';
       export default () => ({ name: 'site', startFrom: 'earliest', async handle() {
         if (existsSync(${JSON.stringify(join(folder.directory, 'down'))})) throw new Error('the target is down');
       } });`,
    );
    events = await open();
  });
  afterEach(async () => {
    await events.close();
    await folder.remove();
  });

  const check = async (name: string) => {
    const readiness = createReadiness();
    readiness.setChecks(
      workerChecks({} as Client, [], { check: async () => {} } as unknown as OpenProvider, events),
    );
    const { ready, degraded, checks } = await readiness.read();
    // Without a Temporal server the worker is not ready; this test ignores that.
    return { ready, degraded, ...checks.find((each) => each.check === name) };
  };
  const publish = (sequence: number): Promise<boolean> =>
    createEventActivities(events).publishEvents({
      runId: 'run',
      events: packEvents([anEvent('req-1', sequence)]),
    });
  const metric = async (line: RegExp): Promise<number> => {
    const { registry } = createMetrics({
      ...{ deployment: 'd', provider: 'p', sweepSeconds: 60, readiness: createReadiness() },
      events: () => events.health(),
    });
    const found = (await registry.metrics()).split('\n').find((each) => line.test(each));
    return Number(found?.split(' ').at(-1));
  };

  it('the worker is degraded but ready while a handler fails, and recovers afterwards', async () => {
    await writeFile(join(folder.directory, 'down'), '');
    assert.equal(await publish(1), true);
    const failing = await eventually('it fails', async () => {
      const found = await check('eventHandlers');
      return found.degraded ? found : undefined;
    });
    assert.equal(failing.ok, true);
    assert.match(
      failing.detail ?? '',
      /'site' has been failing for \d+ s, with a lag of 1 events: the target is down/,
    );
    assert.equal(await metric(/^ohf_event_handler_lag.*handler="site"/), 1);
    assert.ok((await metric(/^ohf_event_handler_failing_seconds.*handler="site"/)) > 0);
    assert.equal(await metric(/^ohf_event_handler_failing_seconds.*handler="readModel"/), 0);
    await rm(join(folder.directory, 'down'));
    await eventually(
      'it recovers',
      async () => (await check('eventHandlers')).detail === 'readModel, audit, site',
    );
    assert.equal(await metric(/^ohf_event_handler_failing_seconds.*handler="site"/), 0);
  });

  it('the worker is degraded while events cannot be published, and recovers afterwards', async () => {
    const aside = join(folder.directory, 'aside');
    await rename(directory, aside);
    await writeFile(directory, '');
    assert.equal(await publish(1), false);
    const failing = await check('storage');
    assert.deepEqual([failing.ok, failing.degraded], [true, true]);
    assert.match(failing.detail ?? '', /^events cannot be published: /);
    assert.equal(await metric(/^ohf_outbox_writable/), 0);
    await rm(directory);
    await rename(aside, directory);
    assert.equal(await publish(1), true);
    assert.equal((await check('storage')).detail, directory);
    assert.equal(await metric(/^ohf_outbox_writable/), 1);
  });

  it('the worker is degraded from the discovery of a damaged file until the read model is rebuilt', async () => {
    assert.equal(await publish(1), true);
    await eventually('all events are delivered', () =>
      events.health().handlers.every(({ lag }) => lag === 0),
    );
    await events.close();
    const store = join(directory, 'read-model', 'store.jsonl');
    await mkdir(join(directory, 'read-model'), { recursive: true });
    await writeFile(store, (await readFile(store, 'utf8')).replace('req-1', 'req-2'));
    events = await open();
    const damaged = await check('storage');
    assert.equal(damaged.degraded, true);
    assert.match(damaged.detail ?? '', /store\.jsonl was damaged: 1 unreadable lines\. It was moved to /);
    await eventually('some time has passed', () => {
      markRebuilt(directory);
      return events.health().damages.length === 0;
    });
    assert.equal((await check('storage')).detail, directory);
  });
});
