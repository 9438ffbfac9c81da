import { GRPC } from '../temporalErrors.ts';
import { decodeStatus } from './messages.ts';

export type Headers = Readonly<Record<string, string | string[] | number | undefined>>;

/** A failed call. `code` and `details` are the same as in an error of Temporal's SDK. */
export class GrpcError extends Error {
  readonly code: number;
  readonly details: string;
  /** Type names of the details that the server attached, without their packages. */
  readonly detailTypes: readonly string[];
  /** Whether the server did not process the call at all, so that it is safe to retry. */
  readonly isUnprocessed: boolean;
  constructor(
    code: number,
    details: string,
    more: { detailTypes?: readonly string[]; isUnprocessed?: boolean } = {},
  ) {
    super(`${code}: ${details}`);
    this.name = 'GrpcError';
    this.code = code;
    this.details = details;
    this.detailTypes = more.detailTypes ?? [];
    this.isUnprocessed = more.isUnprocessed ?? false;
  }
}

/** gRPC's table for answers that do not come from a gRPC server, but from a proxy or load balancer. */
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
 * Reads the status of a call from its trailers or, if there are none, from its headers.
 * @returns undefined when the call succeeded
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
  // A status that is not a number is not a rejection.
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
    // The code is valid without its details.
    return [];
  }
}
