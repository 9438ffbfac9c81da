import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileTarget, streamTarget } from '../../../logging/direct.ts';
import { MAX_QUEUED_LINES } from '../../../logging/forward.ts';
import { createRedactor, type LogEntry } from '../../../logging/line.ts';
import { otlpTarget } from '../../../logging/otlp.ts';
import { syslogTarget } from '../../../logging/syslog.ts';
import { fanOut, type FanOut, type TargetDefinition } from '../../../logging/target.ts';
import { eventually } from '../../fixtures/eventually.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

const AT = Date.parse('2026-01-02T03:04:05.678Z');
const entry = (message: string, fields: object = {}): LogEntry => ({
  at: AT,
  level: 'info',
  message,
  fields,
});

/** Records the lines that it receives; it never fails. */
function memory() {
  const lines: Record<string, unknown>[] = [];
  const settings: TargetDefinition = {
    name: 'memory',
    open: () => ({
      write: (_entry, line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
      close: async () => undefined,
    }),
  };
  return { lines, messages: () => lines.map(({ message }) => message), settings };
}

describe('log targets', () => {
  let files: Scratch;
  let log: FanOut | undefined;
  const kept = memory();
  beforeEach(async () => {
    files = await scratch();
    kept.lines.length = 0;
  });
  afterEach(async () => {
    await log?.close();
    await files.remove();
  });
  const open = (target: TargetDefinition): FanOut =>
    (log = fanOut('debug', createRedactor(['planted-secret-value']), [kept.settings, target]));
  const failureLines = () => kept.messages().filter((message) => /log lines/.test(String(message)));

  describe('file', () => {
    it('a file target reports once that it cannot be written, and once that it can again', async () => {
      const path = join(files.directory, 'later', 'a.log');
      const { write } = open(fileTarget({ path, maxBytes: 1_000, keepFiles: 1 }));
      for (const message of ['one', 'two', 'three']) write(entry(message));
      await mkdir(join(files.directory, 'later'));
      for (const message of ['four', 'five']) write(entry(message));
      assert.deepEqual(failureLines(), [
        `${path} does not accept log lines; the worker goes on without it`,
        `${path} accepts log lines again`,
      ]);
      assert.equal(kept.lines.find(({ message }) => /again/.test(String(message)))?.['lost'], 3);
      assert.match(await readFile(path, 'utf8'), /^{.*"four"}\n{.*"five"}\n$/);
    });
  });

  describe('stream', () => {
    it('a stream target whose pipe is closed does not end the process', async () => {
      const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
      const { write } = open(streamTarget(broken));
      for (const message of ['one', 'two']) write(entry(message));
      await eventually('the failure is reported', () => failureLines().length > 0);
      write(entry('three'));
      assert.deepEqual(failureLines(), [
        'standard output does not accept log lines; the worker goes on without it',
      ]);
    });

    it('a stream target whose reader stops reading drops lines instead of filling the memory', () => {
      const stuck = new Writable({ write: () => undefined });
      const { write } = open(streamTarget(stuck));
      const long = 'x'.repeat(1_900);
      for (let line = 0; line < 10_000; line++) write(entry(long));
      assert.ok(stuck.writableLength < 5 << 20, `${stuck.writableLength} bytes are held`);
      assert.equal(failureLines().length, 1);
    });
  });

  describe('syslog', () => {
    const message = /^<(\d+)>1 2026-01-02T03:04:05\.678Z (\S+) ohf-awsinst (\d+) - - ({.*})$/;

    it('syslog gets RFC 5424 datagrams, also after a time when no process listened', async () => {
      const socket = createSocket('udp4');
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      const { port } = socket.address();
      socket.close();
      const settings = { address: `udp://127.0.0.1:${port}`, facility: 'local3' } as const;
      const { write } = open(syslogTarget(settings, 'ohf-awsinst'));
      write(entry('one', { requestId: 'req-1', text: 'planted-secret-value' }));
      write({ ...entry('two'), level: 'error' });
      await eventually('the failure is reported', () => failureLines().length > 0);
      const got: string[] = [];
      const receiver = createSocket('udp4', (datagram) => got.push(datagram.toString()));
      receiver.bind(port, '127.0.0.1');
      await eventually('both came', () => got.length === 2 && failureLines().length === 2);
      receiver.close();
      assert.deepEqual(
        got.map((text) => message.exec(text)?.slice(1, 4)),
        [
          [String(19 * 8 + 6), hostname(), String(process.pid)],
          [String(19 * 8 + 3), hostname(), String(process.pid)],
        ],
      );
      assert.deepEqual(JSON.parse(message.exec(got[0] ?? '')?.[4] ?? ''), {
        time: new Date(AT).toISOString(),
        level: 'info',
        message: 'one',
        requestId: 'req-1',
        text: '****',
      });
      assert.deepEqual(
        failureLines().map((line) => String(line).replace(/.* (does not accept|accepts)/, '$1')),
        ['does not accept log lines; the worker goes on without it', 'accepts log lines again'],
      );
    });
  });

  describe('OTLP', () => {
    interface Received {
      readonly headers: Readonly<Record<string, unknown>>;
      readonly body: string;
    }
    let server: Server;
    let received: Received[];
    let answers: number[];
    beforeEach(async () => {
      received = [];
      answers = [];
      server = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.on('end', () => {
          const status = answers.shift() ?? 200;
          if (status === 200) received.push({ headers: request.headers, body });
          response.writeHead(status).end('{}');
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(() => void server.close());
    const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
    const messages = () =>
      received.flatMap(({ body }) =>
        [...body.matchAll(/"body":{"stringValue":"([^"]*)"/g)].map((found) => found[1]),
      );

    it('an OTLP collector gets records with attributes, and the headers of the headers file', async () => {
      const headersFile = await files.write(
        'headers',
        'Authorization: Bearer planted-secret-value\nX-Tenant: a\n',
      );
      const { write } = open(otlpTarget({ url: url(), headersFile }, { 'service.name': 'ohf' }));
      write({
        ...entry('hello', {
          requestId: 'req-1',
          count: 2,
          share: 0.5,
          ok: true,
          ids: ['a'],
          of: { b: null },
        }),
        level: 'warn',
      });
      await eventually('it came', () => received.length === 1);
      assert.equal(received[0]?.headers['authorization'], 'Bearer planted-secret-value');
      assert.equal(received[0]?.headers['content-type'], 'application/json');
      assert.deepEqual(JSON.parse(received[0]?.body ?? ''), {
        resourceLogs: [
          {
            resource: { attributes: [{ key: 'service.name', value: { stringValue: 'ohf' } }] },
            scopeLogs: [
              {
                scope: { name: 'ohf' },
                logRecords: [
                  {
                    timeUnixNano: '1767323045678000000',
                    severityNumber: 13,
                    severityText: 'WARN',
                    body: { stringValue: 'hello' },
                    attributes: [
                      { key: 'requestId', value: { stringValue: 'req-1' } },
                      { key: 'count', value: { intValue: '2' } },
                      { key: 'share', value: { doubleValue: 0.5 } },
                      { key: 'ok', value: { boolValue: true } },
                      { key: 'ids', value: { arrayValue: { values: [{ stringValue: 'a' }] } } },
                      { key: 'of', value: { kvlistValue: { values: [{ key: 'b', value: {} }] } } },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      });
    });

    it('an OTLP collector that recovers gets the queued lines in order and once, up to the queue limit', async () => {
      answers = [503];
      const { write } = open(otlpTarget({ url: url() }, {}));
      for (let number = 1; number <= MAX_QUEUED_LINES + 7; number++) write(entry(String(number)));
      await eventually('the failure is reported', () => failureLines().length === 1);
      await eventually('all came', () => failureLines().length === 2);
      const recovery = kept.lines.find(({ message }) => /again/.test(String(message)));
      assert.equal(recovery?.['lost'], 7);
      await eventually('the last came', () => messages().length === MAX_QUEUED_LINES);
      assert.deepEqual(
        messages(),
        Array.from({ length: MAX_QUEUED_LINES }, (_, index) => String(index + 1)),
      );
    });

    it('an OTLP collector that rejects a batch gets the next one', async () => {
      answers = [400];
      const { write } = open(otlpTarget({ url: url() }, {}));
      write(entry('bad'));
      await eventually('the failure is reported', () => failureLines().length === 1);
      write(entry('good'));
      await eventually('the next came', () => failureLines().length === 2);
      assert.deepEqual(messages(), ['good']);
      assert.equal(kept.lines.at(-1)?.['lost'], 1);
    });

    it('an OTLP collector gets the queued lines at shutdown, and an unreachable one does not delay it', async () => {
      const { write, close } = open(otlpTarget({ url: url() }, {}));
      write(entry('last'));
      await close();
      assert.deepEqual(messages(), ['last']);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      const again = fanOut('info', (text) => text, [otlpTarget({ url: 'http://127.0.0.1:1/' }, {})]);
      again.write(entry('nowhere'));
      const began = performance.now();
      await again.close();
      assert.ok(performance.now() - began < 5_000);
      log = undefined;
    });
  });
});
