import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadCustomHandler } from '../../../activities/events/handlers/customHandler.ts';
import { signature } from '../../../activities/events/handlers/webhook.ts';
import { EVENT_GUIDE } from '../../../docs/data/eventGuide.ts';
import { EVENT_TYPES } from '../../../domain/events/event.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';

interface Receiver {
  isAuthentic(secret: string, headers: Record<string, string>, body: Buffer): boolean;
}

describe('docs/events.md', () => {
  let folder: Scratch;
  let snippets: readonly string[];
  before(async () => {
    folder = await scratch();
    const text = await readFile(new URL('../../../../docs/events.md', import.meta.url), 'utf8');
    snippets = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
  });
  after(() => folder.remove());

  it('the page of events names every type of event', () => {
    assert.deepEqual(Object.keys(EVENT_GUIDE).toSorted(), [...EVENT_TYPES].toSorted());
  });

  it('the documented check accepts only authentic calls of the webhook', async () => {
    const path = await folder.write('receiver.mjs', snippets[0]);
    const { isAuthentic } = (await import(pathToFileURL(path).href)) as Receiver;
    const body = Buffer.from('{"v":1,"events":[]}');
    const signed = (timestamp: number, secret = 'the key'): Record<string, string> => ({
      'x-ohf-timestamp': String(timestamp),
      'x-ohf-signature': signature(secret, String(timestamp), body.toString()),
    });
    const now = Math.floor(Date.now() / 1_000);
    assert.equal(isAuthentic('the key', signed(now), body), true);
    assert.equal(isAuthentic('the key', signed(now), Buffer.from('{"v":1,"events":[1]}')), false);
    assert.equal(isAuthentic('the key', signed(now, 'another key'), body), false);
    assert.equal(isAuthentic('the key', { ...signed(now), 'x-ohf-timestamp': String(now + 1) }, body), false);
    assert.equal(isAuthentic('the key', signed(now - 3_600), body), false);
    assert.equal(isAuthentic('the key', {}, body), false);
  });

  it('the documented handler works', async () => {
    const handler = await loadCustomHandler(await folder.write('site.mjs', snippets[1]));
    process.env['SHORTAGES_FILE'] = join(folder.directory, 'shortages');
    const shortage = { type: 'ShortageReported', offering: 't3/a', code: 'None', message: '' } as const;
    await handler.handle([{ runId: 'run', event: { ...anEvent('req-1', 1), ...shortage } }]);
    assert.equal(await readFile(process.env['SHORTAGES_FILE'], 'utf8'), '1000 t3/a None req-1/1 run\n');
    delete process.env['SHORTAGES_FILE'];
    assert.deepEqual(
      [handler.name, handler.startFrom, handler.types],
      ['shortages', 'latest', ['ShortageReported']],
    );
  });
});
