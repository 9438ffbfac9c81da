import { connect, constants, type ClientHttp2Session, type SecureClientSessionOptions } from 'node:http2';
import { GRPC } from '../temporalErrors.ts';
import { GrpcError, errorFromHeaders, type Headers } from './grpcError.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

export interface ChannelOptions {
  /** `host:port` */
  readonly address: string;
  /** Undefined for plain text. */
  readonly tls?: SecureClientSessionOptions;
  /** Sent with every call; `:authority` too where it is not the address. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One HTTP/2 connection to a gRPC server for unary calls. It is made anew when it was lost. */
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
        // Big answers must not wait for leave to go on.
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
      // What only takes connections, as a proxy without its server does, sends no settings.
      session.once('remoteSettings', () => {
        clearTimeout(timer);
        resolve(session);
      });
      session.once('close', () => fail(new Error('the connection was closed')));
      session.on('error', fail);
    });
  }

  /**
   * @param deadline epoch ms; the server is told, so that it can say in time why it has no answer
   * @returns the one message of the answer
   * @throws GrpcError
   */
  async call(path: string, message: Uint8Array, deadline: number): Promise<Uint8Array> {
    let session: ClientHttp2Session;
    try {
      session = await this.connect(deadline);
    } catch (error) {
      throw new GrpcError(GRPC.unavailable, messageOf(error), { unprocessed: true });
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
      const unprocessed = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      // An answer that is cut off says nothing of what was done; only the server's status does.
      const isComplete =
        responseHeaders !== undefined && (trailers !== undefined || 'grpc-status' in responseHeaders);
      if (!responseHeaders || (!isComplete && stream.rstCode !== constants.NGHTTP2_NO_ERROR)) {
        settle(new GrpcError(GRPC.unavailable, failure, { unprocessed }));
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
    // Lost between the look at it and now; nothing was sent.
    throw new GrpcError(GRPC.unavailable, messageOf(error), { unprocessed: true });
  }
}

/** gRPC's frame: not compressed, its length, the message. */
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
  return isComplete ? frame.subarray(5) : new GrpcError(GRPC.internal, 'the answer is cut off or compressed');
}
