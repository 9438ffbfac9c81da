import type { TemporalConfig } from '../../config/index.ts';
import { UnavailableError } from '../../domain/errors/errors.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/** The gRPC status codes that are used here (google.rpc.Code). */
export const GRPC = {
  unknown: 2,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** The server rejected the call: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, ... */
const REJECTION_CODES: readonly number[] = [3, 5, 7, 8, 9, 11, 12, 16];

/** The gRPC code of a client's error, or of one of its causes. */
export function grpcCode(error: unknown): number | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'number') return cause.code;
  }
  return undefined;
}

/** Whether the server rejected the call, which then certainly had no effect. */
export const isRejection = (error: unknown): boolean => REJECTION_CODES.includes(grpcCode(error) ?? -1);

/** Whether a query failed because no worker polls the task queue. The server reports it one second before the deadline. */
export const isNoWorkerError = (error: unknown): boolean => /no poller seen/.test(serverMessage(error));

/** The server's message on one line, without the text that the client adds. */
export function serverMessage(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('details' in cause && typeof cause.details === 'string' && cause.details !== '')
      return oneLine(cause.details);
  }
  return oneLine(messageOf(error));
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 400);

export const unreachableError = ({ address }: TemporalConfig, error: unknown): UnavailableError =>
  new UnavailableError(
    `Temporal at ${address} cannot be reached (${serverMessage(error)}). ` +
      'Start it, or set temporal.address in config.json (TEMPORAL_ADDRESS).',
    { cause: error },
  );

export const unavailableError = (config: TemporalConfig, action: string, error: unknown): UnavailableError =>
  new UnavailableError(
    `Temporal at ${config.address} (namespace ${config.namespace}) could not ${action}: ${serverMessage(error)}`,
    { cause: error },
  );
