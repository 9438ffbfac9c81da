import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { createWebhookHandler } from '../../../activities/events/handlers/webhook.ts';
import { anEvent } from '../../fixtures/recordBuilders.ts';
import { scratch } from '../../fixtures/scratch.ts';
import { holds, type Area } from '../property.ts';
import { text } from '../values.ts';

const PLANTED = 'planted-token-4711';

/** What a target sends back, byte by byte. */
type Answer = { readonly bytes: string; readonly isTaken: boolean };

const head = (status: number, ...more: string[]): string =>
  [`HTTP/1.1 ${status} x`, 'connection: close', ...more, '', ''].join('\r\n');
const body = fc.oneof(text, fc.constant('x'.repeat(300_000)));

const answer: fc.Arbitrary<Answer> = fc.oneof(
  fc
    .tuple(fc.integer({ min: 200, max: 599 }), body)
    .map(([status, sent]) => ({ bytes: head(status) + sent, isTaken: status < 300 })),
  fc
    .tuple(
      fc.constantFrom(301, 302, 307, 308),
      fc.constantFrom('http://127.0.0.1:1/', 'file:///etc/passwd', '', '//'),
    )
    .map(([status, to]) => ({ bytes: head(status, `location: ${to}`), isTaken: false })),
  fc.tuple(fc.constantFrom('gzip', 'br', 'unknown'), body).map(([encoding, sent]) => ({
    bytes: head(200, `content-encoding: ${encoding}`) + sent,
    isTaken: true,
  })),
  fc
    .oneof(text, fc.constantFrom('HTTP/1.1', 'HTTP/1.1 2', 'SSH-2.0-x\r\n', 'HTTP/1.1 200 x\r\n'))
    .map((bytes) => ({ bytes, isTaken: false })),
);

const idsIn = (sent: string): string[] =>
  (JSON.parse(sent) as { events: { id: string }[] }).events.map(({ id }) => id);

/** What a site's webhook answers, and the keys that it is given. */
export async function openWebhooks(): Promise<Area> {
  const files = await scratch();
  const delivered: string[] = [];
  let next: Answer = { bytes: head(200), isTaken: true };
  const serve = (socket: Socket): void => {
    let heard = '';
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      heard += data.toString();
      const [headers = '', sent = ''] = heard.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
      if (!(Buffer.byteLength(sent) >= length)) return;
      delivered.push(sent);
      socket.end(next.bytes);
    });
  };
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const published = [1, 2].map((sequence) => ({ runId: 'run', event: anEvent('req-1', sequence) }));

  const properties = [
    holds(
      'webhooks: an answer is an acknowledgement, or the events come again',
      fc.tuple(answer, text),
      async ([answered, secret]) => {
        next = answered;
        delivered.length = 0;
        const url = `http://127.0.0.1:${port}/${PLANTED}`;
        const handler = createWebhookHandler({ url, readSecret: () => secret, timeoutSeconds: 5 });
        let failure: unknown;
        try {
          await handler.handle(published);
        } catch (error) {
          failure = error;
        }
        assert.equal(failure === undefined, answered.isTaken, inspect(failure));
        // The logger writes errors with all that caused them.
        assert.doesNotMatch(inspect(failure, { depth: 9 }), new RegExp(PLANTED));
        // At least once: over a connection that closes meanwhile, the client may send it again.
        assert.ok(delivered.length > 0);
        for (const sent of delivered)
          assert.deepEqual(
            idsIn(sent),
            published.map(({ event }) => event.id),
          );
      },
      { share: 0.3 },
    ),
  ];
  return {
    properties,
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await files.remove();
    },
  };
}
