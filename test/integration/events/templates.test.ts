import { packEvents } from '../../../domain/events/packed.ts';
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { openOutbox, type Outbox } from '../../../activities/events/outbox/outbox.ts';
import { createEventActivities } from '../../../activities/events/outbox/eventActivities.ts';
import type { DomainEvent } from '../../../domain/events/event.ts';
import type { Template } from '../../../domain/template/template.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';

describe('TemplateChanged', () => {
  let folder: Scratch;
  let outbox: Outbox;
  const open = (): Promise<Outbox> =>
    openOutbox(join(folder.directory, 'outbox.jsonl'), () => assert.fail('nothing is damaged'));
  beforeEach(async () => {
    folder = await scratch();
    outbox = await open();
  });
  afterEach(async () => {
    await outbox.close();
    await folder.remove();
  });

  /** Publishes as the owner of a request created at this time publishes its first event. */
  async function request(at: number, template: Template): Promise<void> {
    const activities = createEventActivities({
      outbox,
      wake() {},
      onError: (error) => assert.fail(String(error)),
    });
    const run = `req-${at}`;
    assert.ok(
      await activities.publishEvents({ runId: run, events: packEvents([anEvent(run, 1, at)]), template }),
    );
  }
  const publishedEvents = async (): Promise<DomainEvent[]> =>
    (await outbox.readAfter(0, 100))
      .map(({ event }) => event)
      .filter(({ type }) => type === 'TemplateChanged');
  const summary = async () =>
    (await publishedEvents()).map((event) =>
      event.type === 'TemplateChanged' ? [event.templateId, event.change, event.keys.join(), event.id] : [],
    );

  it('the first request with a changed template publishes what changed, without user data', async () => {
    await request(1, aTemplate());
    await request(2, aTemplate());
    await request(3, aTemplate({ imageId: 'ami-2', userData: 'hush' }));
    await request(4, aTemplate({ templateId: 'other' }));
    assert.deepEqual(await summary(), [
      ['demo', 'added', '', 'templates-test-awsinst/1'],
      ['demo', 'changed', 'imageId,userData', 'templates-test-awsinst/2'],
      ['other', 'added', '', 'templates-test-awsinst/3'],
    ]);
    assert.ok(!JSON.stringify(await publishedEvents()).includes('hush'));
  });

  it('an older request published later does not change the template', async () => {
    await request(1, aTemplate());
    await request(5, aTemplate({ maxNumber: 7 }));
    await request(3, aTemplate());
    assert.equal((await publishedEvents()).length, 2);
  });

  it('template events continue their sequence after a restart and after a trim', async () => {
    await request(1, aTemplate());
    await outbox.trim(outbox.newestOffset(), 1_000);
    assert.deepEqual(await publishedEvents(), []);
    await outbox.close();
    outbox = await open();
    await request(2, aTemplate());
    await request(3, aTemplate({ maxNumber: 7 }));
    assert.deepEqual(await summary(), [['demo', 'changed', 'maxNumber', 'templates-test-awsinst/2']]);
  });
});
