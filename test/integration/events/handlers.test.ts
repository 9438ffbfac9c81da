import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditLogHandler } from '../../../activities/events/handlers/auditLog.ts';
import { startDispatcher, type Dispatcher } from '../../../activities/events/outbox/dispatcher.ts';
import type { EventHandler, PublishedEvent } from '../../../activities/events/handlers/handler.ts';
import { openOutbox, type Outbox } from '../../../activities/events/outbox/outbox.ts';
import { loadCustomHandler } from '../../../activities/events/handlers/customHandler.ts';
import { createWebhookHandler } from '../../../activities/events/handlers/webhook.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';

const unharmed = (): never => assert.fail('nothing is damaged');

describe('event handlers', () => {
  let folder: string;
  let outbox: Outbox;
  let dispatchers: Dispatcher[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ohf-events-'));
    outbox = await openOutbox(join(folder, 'outbox.jsonl'), unharmed);
    dispatchers = [];
  });
  afterEach(async () => {
    for (const dispatcher of dispatchers) await dispatcher.stop();
    await outbox.close();
    await rm(folder, { recursive: true });
  });

  function dispatch(...handlers: EventHandler[]): Dispatcher {
    const lock = join(folder, 'lock');
    const dispatcher = startDispatcher({
      outbox,
      handlers,
      lock,
      initialRetryMs: 5,
      retentionMs: 0,
      onFailure: () => {},
    });
    dispatchers.push(dispatcher);
    return dispatcher;
  }

  /** Records the events that it receives; fails while `down` is set. */
  function recorder(name: string, startFrom: EventHandler['startFrom'] = 'earliest') {
    const received: string[] = [];
    const self = {
      name,
      startFrom,
      received,
      down: false,
      async handle(published: readonly PublishedEvent[]) {
        if (self.down) throw new Error(`${name} is down`);
        received.push(...published.map(({ event }) => event.id));
      },
    };
    return self;
  }

  async function publish(dispatcher: Dispatcher, run: string, ...sequences: number[]): Promise<void> {
    await outbox.append(
      run,
      sequences.map((sequence) => anEvent(run, sequence)),
    );
    dispatcher.wake();
  }
  const ids = (run: string, ...sequences: number[]): string[] => sequences.map((n) => `${run}/${n}`);

  it('each handler receives every event in order, and a failing one delays no other', async () => {
    const [good, bad] = [recorder('good'), recorder('bad')];
    bad.down = true;
    const dispatcher = dispatch(good, bad);
    await publish(dispatcher, 'req-1', 1, 2);
    await eventually('the good handler received two events', () => good.received.length === 2);
    const health = await eventually('the bad one is known to fail', () =>
      dispatcher.health().find(({ name, error }) => name === 'bad' && error !== undefined),
    );
    assert.deepEqual([health.lag, health.error], [2, 'bad is down']);
    await publish(dispatcher, 'req-1', 3);
    bad.down = false;
    await eventually('the bad handler received three events', () => bad.received.length === 3);
    assert.deepEqual(bad.received, ids('req-1', 1, 2, 3));
    assert.deepEqual(good.received, ids('req-1', 1, 2, 3));
    await eventually('all are well', () =>
      dispatcher.health().every(({ lag, error }) => lag === 0 && error === undefined),
    );
  });

  it('a handler receives an event published twice once, and resumes at its offset after a restart', async () => {
    const handler = recorder('one');
    const first = dispatch(handler);
    await publish(first, 'req-1', 1, 2);
    await publish(first, 'req-1', 1, 2, 3);
    await eventually('three events were delivered', () => handler.received.length === 3);
    await first.stop();
    await outbox.close();
    outbox = await openOutbox(join(folder, 'outbox.jsonl'), unharmed);
    await publish(dispatch(handler), 'req-1', 3, 4);
    await eventually('the fourth event was delivered', () => handler.received.length > 3);
    assert.deepEqual(handler.received, ids('req-1', 1, 2, 3, 4));
  });

  it('a new handler that starts from the latest event receives no earlier ones', async () => {
    const old = recorder('old');
    const first = dispatch(old);
    await publish(first, 'req-1', 1);
    await eventually('the old handler received an event', () => old.received.length === 1);
    await first.stop();
    const fresh = recorder('fresh', 'latest');
    const second = dispatch(old, fresh);
    await eventually('the fresh one has its place', () => outbox.handlerOffset('fresh') !== undefined);
    await publish(second, 'req-1', 2);
    await eventually('the new handler received an event', () => fresh.received.length > 0);
    assert.deepEqual(fresh.received, ids('req-1', 2));
  });

  it('of two processes only the leader delivers, and the other one succeeds it', async () => {
    const [one, other] = [recorder('shared'), recorder('shared')];
    const leader = dispatch(one);
    await publish(leader, 'req-1', 1);
    await eventually('the leader received an event', () => one.received.length === 1);
    const follower = dispatch(other);
    await publish(follower, 'req-1', 2);
    await eventually('the leader received another event', () => one.received.length === 2);
    await leader.stop();
    await publish(follower, 'req-1', 3);
    await eventually('the follower received an event', () => other.received.length > 0);
    assert.deepEqual(other.received, ids('req-1', 3));
  });

  describe('the audit log', () => {
    const lines = async (): Promise<Record<string, unknown>[]> =>
      (await readFile(join(folder, 'audit.log'), 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const open = (maxBytes = 1 << 20): EventHandler =>
      createAuditLogHandler({ path: join(folder, 'audit.log'), maxBytes, keep: 2 });
    const entry = (sequence: number): PublishedEvent => ({ runId: 'run', event: anEvent('req-1', sequence) });

    it('the audit log states who did what, and repeats nothing after a crash in the middle of a line', async () => {
      await open().handle([entry(1), entry(2)]);
      await appendFile(join(folder, 'audit.log'), '{"time":"2026-0');
      await open().handle([entry(2), entry(3)]);
      const written = await lines();
      assert.deepEqual(
        written.map(({ id }) => id),
        ids('req-1', 1, 2, 3),
      );
      const { time, who, what, why, owner } = written[0] ?? {};
      assert.deepEqual(
        [time, who, what, why, owner],
        [
          '1970-01-01T00:00:01.000Z',
          'cloud',
          'LaunchOverdue',
          'The outcome of the launch is unknown.',
          'req-1',
        ],
      );
    });

    it('the audit log keeps the configured number of rotated files', async () => {
      const log = open(10);
      for (const sequence of [1, 2, 3, 4]) await log.handle([entry(sequence)]);
      assert.equal((await lines())[0]?.['id'], 'req-1/4');
      assert.match(await readFile(join(folder, 'audit.log.2'), 'utf8'), /req-1\/2/);
      await assert.rejects(readFile(join(folder, 'audit.log.3')), { code: 'ENOENT' });
    });
  });

  describe('the webhook', () => {
    let server: Server;
    let received: { body: string; headers: Record<string, unknown> }[];
    let answer: number;
    beforeEach(async () => {
      received = [];
      answer = 204;
      server = createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          if (answer < 300) received.push({ body, headers: request.headers });
          response.writeHead(answer).end();
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => {
      server.close();
      server.closeAllConnections();
    });
    const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks?token=hush`;

    it('the webhook loses nothing while its target is down, signs each message, and hides the token of its URL', async () => {
      answer = 503;
      const dispatcher = dispatch(
        createWebhookHandler({ url: url(), readSecret: () => 'the key', timeoutSeconds: 5 }),
      );
      await eventually('it has its place', () => outbox.handlerOffset('webhook') !== undefined);
      await publish(dispatcher, 'req-1', 1, 2);
      const failing = await eventually('it failed', () => dispatcher.health().find(({ error }) => error));
      assert.match(failing.error ?? '', /^127\.0\.0\.1:\d+ responded with HTTP 503$/);
      answer = 200;
      await eventually('the webhook received a call', () => received.length > 0);
      const [{ body, headers } = assert.fail()] = received;
      const { v, events } = JSON.parse(body) as { v: number; events: { id: string; runId: string }[] };
      assert.equal(v, 1);
      assert.deepEqual(
        events.map(({ id, runId }) => [id, runId]),
        ids('req-1', 1, 2).map((id) => [id, 'req-1']),
      );
      const signed = createHmac('sha256', 'the key').update(`${String(headers['x-ohf-timestamp'])}.${body}`);
      assert.equal(headers['x-ohf-signature'], `sha256=${signed.digest('hex')}`);
    });

    it('the webhook receives only the configured types', async () => {
      const dispatcher = dispatch(
        createWebhookHandler({ url: url(), types: ['ShortageReported'], timeoutSeconds: 5 }),
      );
      await eventually('it has its place', () => outbox.handlerOffset('webhook') !== undefined);
      const shortage = {
        ...anEvent('req-1', 2),
        type: 'ShortageReported' as const,
        offering: 'p',
        code: 'c',
        message: 'm',
      };
      await outbox.append('run', [anEvent('req-1', 1), shortage, anEvent('req-1', 3)]);
      dispatcher.wake();
      await eventually(
        'it is past all of them',
        () => outbox.handlerOffset('webhook') === outbox.newestOffset(),
      );
      assert.deepEqual(
        received.flatMap(({ body }) =>
          (JSON.parse(body) as { events: { id: string }[] }).events.map(({ id }) => id),
        ),
        ['req-1/2'],
      );
    });
  });

  describe('a custom handler', () => {
    const module = async (text: string): Promise<string> => {
      const path = join(folder, 'site.mjs');
      await writeFile(path, text);
      return path;
    };

    it('a custom handler is loaded from its module', async () => {
      const path = await module(
        `export default () => ({ name: 'site', startFrom: 'latest', handle: async () => {} });`,
      );
      assert.equal((await loadCustomHandler(path)).name, 'site');
    });

    for (const [text, why] of [
      ['export const x = 1;', /site\.mjs has no default export that creates a handler/],
      [
        `export default () => ({ name: 'site', startFrom: 'latest' });`,
        /does not create a handler with name, startFrom and handle/,
      ],
      [
        `export default () => ({ name: 'audit', startFrom: 'latest', handle: async () => {} });`,
        /names its handler 'audit', which is a built-in handler/,
      ],
      ['export default () => { throw new Error("no database"); };', /cannot be loaded: no database/],
    ] as const) {
      it(`a custom handler is rejected: ${why.source}`, async () => {
        await assert.rejects(loadCustomHandler(await module(text)), why);
      });
    }
  });
});
