import { GRPC } from '../temporalErrors.ts';
import { decodeStatus } from './messages.ts';

export type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

/** A call that failed; `code` and `details` as errors of Temporal's own client have them. */
export class GrpcError extends Error {
  readonly code: number;
  readonly details: string;
  /** Names of the messages that the server attached, without their packages. */
  readonly detailTypes: readonly string[];
  /** Nothing of the call was looked at by the server: it may be sent again. */
  readonly unprocessed: boolean;
  constructor(
    code: number,
    details: string,
    more: { detailTypes?: readonly string[]; unprocessed?: boolean } = {},
  ) {
    super(`${code}: ${details}`);
    this.name = 'GrpcError';
    this.code = code;
    this.details = details;
    this.detailTypes = more.detailTypes ?? [];
    this.unprocessed = more.unprocessed ?? false;
  }
}

/** gRPC's own table for answers of what is not a gRPC server: a proxy, a load balancer. */
const GRPC_CODE_BY_HTTP_STATUS: Readonly<Record<number, number>> = {
  400: GRPC.internal,
  401: GRPC.unauthenticated,
  403: GRPC.permissionDenied,
  404: GRPC.unimplemented,
  429: GRPC.unavailable,
  502: GRPC.unavailable,
  503: GRPC.unavailable,
  504: GRPC.unavailable,
};

/**
 * What the server said of a call, in its trailers or, without any answer before, in its only headers.
 * @returns undefined when the call went well
 */
export function errorFromHeaders(headers: Headers, trailers: Headers | undefined): GrpcError | undefined {
  const last = trailers ?? headers;
  const status = last['grpc-status'];
  if (status === undefined) {
    const http = Number(headers[':status']);
    const code = http === 200 ? GRPC.internal : (GRPC_CODE_BY_HTTP_STATUS[http] ?? GRPC.unknown);
    return new GrpcError(code, `an answer with HTTP status ${http} and no gRPC status`);
  }
  const code = Number(status);
  if (code === 0) return undefined;
  // What is no number is no refusal either.
  return new GrpcError(Number.isInteger(code) ? code : GRPC.unknown, grpcMessageIn(last), {
    detailTypes: detailTypesIn(last),
  });
}

function grpcMessageIn(headers: Headers): string {
  const message = String(headers['grpc-message'] ?? '');
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}

function detailTypesIn(headers: Headers): readonly string[] {
  const encoded = headers['grpc-status-details-bin'];
  if (encoded === undefined) return [];
  try {
    const { details = [] } = decodeStatus(Buffer.from(String(encoded), 'base64'));
    return details.map(({ type_url: url = '' }) => url.slice(url.lastIndexOf('.') + 1));
  } catch {
    // Only an addition to the code, which stands.
    return [];
  }
}
