import { connect, constants, type ClientHttp2Session, type SecureClientSessionOptions } from 'node:http2';
import { GRPC } from '../temporalErrors.ts';
import { GrpcError, errorFromHeaders, type Headers } from './grpcError.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

export interface ChannelOptions {
  /** `host:port` */
  readonly address: string;
  /** Undefined for plain text. */
  readonly tls?: SecureClientSessionOptions;
  /** Sent with every call; they include `:authority` if it differs from the address. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One HTTP/2 connection to a gRPC server for unary calls. A call connects again after the connection was lost. */
export class Channel {
  readonly #options: ChannelOptions;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /**
   * @param deadline epoch ms
   * @throws Error when the server has not answered as an HTTP/2 server by then
   */
  async connect(deadline: number): Promise<ClientHttp2Session> {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#connecting ??= this.#open(deadline).finally(() => (this.#connecting = undefined));
    return (this.#session = await this.#connecting);
  }

  #open(deadline: number): Promise<ClientHttp2Session> {
    const { address, tls } = this.#options;
    return new Promise((resolve, reject) => {
      const session = connect(`${tls ? 'https' : 'http'}://${address}`, {
        ...tls,
        // The server must not wait for window updates in a large answer.
        settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        session.destroy();
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new Error('no answer in time')),
        Math.max(0, deadline - Date.now()),
      );
      session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
      // A proxy whose server is down accepts connections, but sends no settings.
      session.once('remoteSettings', () => {
        clearTimeout(timer);
        resolve(session);
      });
      session.once('close', () => fail(new Error('the connection was closed')));
      session.on('error', fail);
    });
  }

  /**
   * @param deadline epoch ms; sent to the server, so that it can report in time why it has no answer
   * @returns the single message of the answer
   * @throws GrpcError
   */
  async call(path: string, message: Uint8Array, deadline: number): Promise<Uint8Array> {
    let session: ClientHttp2Session;
    try {
      session = await this.connect(deadline);
    } catch (error) {
      throw new GrpcError(GRPC.unavailable, messageOf(error), { isUnprocessed: true });
    }
    return unaryCall(session, this.#requestHeaders(path, deadline), message, deadline);
  }

  #requestHeaders(path: string, deadline: number): Record<string, string> {
    return {
      ...this.#options.headers,
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      'grpc-timeout': `${Math.max(1, Math.floor(deadline - Date.now()))}m`,
    };
  }

  close(): void {
    this.#session?.destroy();
  }
}

const WINDOW_BYTES = 8 * 1024 * 1024;

function unaryCall(
  session: ClientHttp2Session,
  headers: Record<string, string>,
  message: Uint8Array,
  deadline: number,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let responseHeaders: Headers | undefined;
    let trailers: Headers | undefined;
    const chunks: Buffer[] = [];
    const stream = openStream(session, headers);
    const settle = (outcome: GrpcError | Uint8Array): void => {
      clearTimeout(timer);
      if (outcome instanceof GrpcError) reject(outcome);
      else resolve(outcome);
    };
    const timer = setTimeout(
      () => {
        settle(new GrpcError(GRPC.deadlineExceeded, 'no answer in time'));
        stream.close(constants.NGHTTP2_CANCEL);
      },
      Math.max(0, deadline - Date.now()),
    );
    stream.on('response', (received) => (responseHeaders = received));
    stream.on('trailers', (received) => (trailers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    let failure = 'the connection was lost';
    stream.on('error', (error) => (failure = messageOf(error)));
    stream.on('close', () => {
      const isUnprocessed = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      // A truncated answer does not show what the server did; only the gRPC status does.
      const isComplete =
        responseHeaders !== undefined && (trailers !== undefined || 'grpc-status' in responseHeaders);
      if (!responseHeaders || (!isComplete && stream.rstCode !== constants.NGHTTP2_NO_ERROR)) {
        settle(new GrpcError(GRPC.unavailable, failure, { isUnprocessed }));
      } else {
        settle(errorFromHeaders(responseHeaders, trailers) ?? singleMessage(chunks));
      }
    });
    stream.end(frameMessage(message));
  });
}

function openStream(session: ClientHttp2Session, headers: Record<string, string>) {
  try {
    return session.request(headers);
  } catch (error) {
    // The connection was lost after it was checked; nothing was sent.
    throw new GrpcError(GRPC.unavailable, messageOf(error), { isUnprocessed: true });
  }
}

/** A gRPC frame: the flag "not compressed", the message's length, the message. */
function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

function singleMessage(chunks: readonly Buffer[]): Uint8Array | GrpcError {
  const [first] = chunks;
  const frame = chunks.length === 1 && first ? first : Buffer.concat(chunks);
  const isComplete = frame.length >= 5 && frame[0] === 0 && frame.readUInt32BE(1) === frame.length - 5;
  return isComplete
    ? frame.subarray(5)
    : new GrpcError(GRPC.internal, 'the answer is truncated or compressed');
}
