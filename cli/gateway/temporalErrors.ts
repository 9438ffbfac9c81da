import { messageOf } from '../../config/jsonFile.ts';

/** gRPC's status codes that matter here (google.rpc.Code). */
export const GRPC = { deadlineExceeded: 4, notFound: 5, alreadyExists: 6, resourceExhausted: 8 } as const;

/** The server said no: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE, ... */
const REFUSALS: readonly number[] = [3, 5, 7, 8, 9, 11, 12, 16];

/** The gRPC code of an error of the client, or of one of its causes. */
export function grpcCode(error: unknown): number | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'number') return at.code;
  }
  return undefined;
}

/** Whether the server itself turned the call down, so that it certainly did nothing. */
export const isRefusal = (error: unknown): boolean => REFUSALS.includes(grpcCode(error) ?? -1);

/** The server's own words, on one line, without the client's frame around them. */
export function grpcReason(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('details' in at && typeof at.details === 'string' && at.details !== '') return oneLine(at.details);
  }
  return oneLine(messageOf(error));
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').slice(0, 400);
