import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createSnsClient } from '../../../activities/aws/client/snsClient.ts';
import { createAuditLogHandler } from '../../../activities/events/handlers/auditLog.ts';
import { startDispatcher } from '../../../activities/events/outbox/dispatcher.ts';
import type { EventHandler } from '../../../activities/events/handlers/handler.ts';
import { openOutbox } from '../../../activities/events/outbox/outbox.ts';
import { createReadModelHandler } from '../../../activities/events/readModel/readModel.ts';
import { loadCustomHandler } from '../../../activities/events/handlers/customHandler.ts';
import { createSnsHandler } from '../../../activities/events/handlers/sns.ts';
import { createWebhookHandler } from '../../../activities/events/handlers/webhook.ts';
import { openStore } from '../../../activities/storage/openStore.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { startFakeSns } from '../../fixtures/cloud/fakeSns.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';

const TOPIC = 'arn:aws:sns:us-east-1:123456789012:ohf';

/** A handler with its target. */
interface Case {
  readonly handler: EventHandler;
  takeAway(): Promise<void> | void;
  bringBack(): Promise<void> | void;
  /** Ids of all events that the target has. */
  received(): Promise<readonly string[]> | readonly string[];
  end?(): Promise<void> | void;
}

const idsIn = (text: string): string[] =>
  text.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { id: string }).id]));

const CASES: Readonly<Record<string, (directory: string) => Promise<Case>>> = {
  async 'the audit log, whose folder becomes a file'(directory) {
    const [folder, aside] = [join(directory, 'audit'), join(directory, 'aside')];
    return {
      handler: createAuditLogHandler({ path: join(folder, 'audit.log'), maxBytes: 1 << 20, keep: 2 }),
      ...movedAway(folder, aside),
      received: async () => idsIn(await readFile(join(folder, 'audit.log'), 'utf8')),
    };
  },
  async 'the read model, whose folder becomes a file'(directory) {
    const [folder, aside] = [join(directory, 'model'), join(directory, 'aside')];
    const store = await openStore({ type: 'json', directory: folder }, () =>
      assert.fail('nothing is damaged'),
    );
    return {
      handler: createReadModelHandler(store),
      ...movedAway(folder, aside),
      received: async () => (await store.list('events')).rows.map(({ id }) => id),
    };
  },
  async 'the webhook, whose receiver is out of order'() {
    const ids: string[] = [];
    let isDown = false;
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (!isDown)
          ids.push(...(JSON.parse(body) as { events: { id: string }[] }).events.map(({ id }) => id));
        response.writeHead(isDown ? 503 : 204).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      handler: createWebhookHandler({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        timeoutSeconds: 5,
      }),
      takeAway: () => void (isDown = true),
      bringBack: () => void (isDown = false),
      received: () => ids,
      end() {
        server.close();
        server.closeAllConnections();
      },
    };
  },
  async 'the topic of SNS, which does not answer'() {
    const topic = await startFakeSns();
    const client = createSnsClient({ region: 'us-east-1', requestShare: 1 }, TOPIC, topic.endpoint);
    return {
      handler: createSnsHandler({ client, topicArn: TOPIC }),
      takeAway: () => void (topic.isDown = true),
      bringBack: () => void (topic.isDown = false),
      received: () => topic.messages.map(({ message }) => (JSON.parse(message) as { id: string }).id),
      end: () => topic.close(),
    };
  },
  async "the site's module, whose file cannot be written"(directory) {
    const [folder, aside] = [join(directory, 'site'), join(directory, 'aside')];
    await mkdir(folder);
    const path = join(directory, 'site.mjs');
    await writeFile(
      path,
      `import { appendFile } from 'node:fs/promises';
       export default () => ({
         name: 'site',
         startFrom: 'earliest',
         handle: (published) => appendFile(${JSON.stringify(join(folder, 'log'))},
           published.map(({ event }) => JSON.stringify({ id: event.id }) + '\\n').join('')),
       });`,
    );
    return {
      handler: await loadCustomHandler(path),
      ...movedAway(folder, aside),
      received: async () => idsIn(await readFile(join(folder, 'log'), 'utf8')),
    };
  },
};

/** A disk that is unavailable for a while; file permissions do not stop the root user of a CI machine. */
const movedAway = (folder: string, aside: string): Pick<Case, 'takeAway' | 'bringBack'> => ({
  async takeAway() {
    await rename(folder, aside);
    await writeFile(folder, '');
  },
  async bringBack() {
    await rm(folder);
    await rename(aside, folder);
  },
});

describe('outages of handlers', () => {
  let folder: Scratch;
  const environment = { ...process.env };
  before(() => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'simulated', AWS_SECRET_ACCESS_KEY: 'simulated' });
  });
  after(() => {
    process.env = environment;
  });
  beforeEach(async () => {
    folder = await scratch();
  });
  afterEach(() => folder.remove());

  for (const [name, make] of Object.entries(CASES)) {
    it(`no event is lost or repeated in an outage of ${name}`, async () => {
      const target = await make(folder.directory);
      const { handler } = target;
      const outbox = await openOutbox(join(folder.directory, 'outbox.jsonl'), () =>
        assert.fail('nothing is damaged'),
      );
      const dispatcher = startDispatcher({
        outbox,
        handlers: [handler],
        lock: join(folder.directory, 'lock'),
        initialRetryMs: 5,
        retentionMs: 0,
        onFailure: () => {},
      });
      const publish = async (...sequences: number[]): Promise<void> => {
        await outbox.append(
          'run',
          sequences.map((sequence) => anEvent('req-1', sequence, sequence)),
        );
        dispatcher.wake();
      };
      const all = (upTo: number): string[] =>
        Array.from({ length: upTo }, (_, index) => `req-1/${index + 1}`);
      try {
        await eventually('it has its place', () => outbox.handlerOffset(handler.name) !== undefined);
        await publish(1, 2);
        await eventually('the target has them', async () => (await target.received()).length === 2);
        await eventually('they are done with', () => outbox.handlerOffset(handler.name) === 2);
        await target.takeAway();
        await publish(3, 4);
        const failing = await eventually('it is known to fail', () =>
          dispatcher.health().find(({ failingSince }) => failingSince !== undefined),
        );
        assert.ok(failing.lag >= 2 && failing.error);
        await publish(...Array.from({ length: 21 }, (_, index) => 5 + index));
        await target.bringBack();
        await eventually('all are done with', () => outbox.handlerOffset(handler.name) === 25);
        assert.deepEqual(await target.received(), all(25));
        await eventually('it is well again', () =>
          dispatcher.health().every(({ error }) => error === undefined),
        );
      } finally {
        await dispatcher.stop();
        await outbox.close();
        await handler.close?.();
        await target.end?.();
      }
    });
  }

  describe('SNS in part', () => {
    it('SNS gets only the failed messages again, in calls of at most ten, with attributes to filter by', async () => {
      const topic = await startFakeSns();
      const client = createSnsClient({ region: 'us-east-1', requestShare: 1 }, TOPIC, topic.endpoint);
      const handler = createSnsHandler({ client, topicArn: TOPIC });
      const published = Array.from({ length: 12 }, (_, index) => ({
        runId: 'run',
        event: anEvent('req-1', index + 1),
      }));
      topic.failing.push('req-1/5"');
      await assert.rejects(handler.handle(published), /SNS rejected 1 events: InternalError: try again/);
      assert.deepEqual(topic.batches, [10]);
      topic.failing.pop();
      await handler.handle(published);
      assert.deepEqual(topic.batches, [10, 3]);
      assert.equal(new Set(topic.messages.map(({ message }) => message)).size, 12);
      const { type, deployment, provider } = topic.messages[0]?.attributes ?? {};
      assert.deepEqual([type, deployment, provider], ['LaunchOverdue', 'test', 'awsinst']);
      await handler.close?.();
      topic.close();
    });

    it('a FIFO topic keeps the order of each request', async () => {
      const topic = await startFakeSns();
      const fifo = `${TOPIC}.fifo`;
      const handler = createSnsHandler({
        client: createSnsClient({ region: 'us-east-1', requestShare: 1 }, fifo, topic.endpoint),
        topicArn: fifo,
      });
      await handler.handle([1, 2].map((sequence) => ({ runId: 'run', event: anEvent('req-1', sequence) })));
      assert.deepEqual(
        topic.messages.map(({ group }) => group),
        ['req-1', 'req-1'],
      );
      assert.equal(new Set(topic.messages.map(({ deduplication }) => deduplication)).size, 2);
      await handler.close?.();
      topic.close();
    });
  });
});
