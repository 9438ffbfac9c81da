import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** What a fake server does with one call of Temporal's service; the message has been read. */
export type Answer = (stream: ServerHttp2Stream) => void;

/**
 * Speaks gRPC as Temporal's server never does on demand: refusing, dropping, resetting. Calls that no answer is
 * given for go well, with an empty message.
 */
export async function startFakeTemporal(answers: Readonly<Record<string, readonly Answer[]>>) {
  const calls: { readonly method: string; readonly headers: IncomingHttpHeaders }[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const method = String(headers[':path']).replace(/.*\//, '');
    const earlier = calls.filter((call) => call.method === method).length;
    calls.push({ method, headers });
    stream.on('error', () => undefined);
    stream.resume();
    stream.on('end', () => (answers[method]?.[earlier] ?? ok)(stream));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    callsOf: (method: string) => calls.filter((call) => call.method === method),
    stop: async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const ok: Answer = (stream) => {
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }));
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.end(Buffer.alloc(5));
};

/** An error as gRPC servers send it: all in the only headers. */
export const status =
  (code: number, message: string): Answer =>
  (stream) =>
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': code, 'grpc-message': message },
      { endStream: true },
    );

/** An error after the beginning of an answer. */
export const lateStatus =
  (code: number, message: string): Answer =>
  (stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code, 'grpc-message': message }));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.end();
  };

/** What is no gRPC server: a proxy or a load balancer. */
export const http =
  (code: number): Answer =>
  (stream) => {
    stream.respond({ ':status': code, 'content-type': 'text/html' });
    stream.end('<html>');
  };

export const reset =
  (code: number): Answer =>
  (stream) =>
    stream.close(code);

export const disconnect: Answer = (stream) => stream.session?.destroy();

export const silence: Answer = () => undefined;
