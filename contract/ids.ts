/**
 * Ids that Host Factory and Temporal share: the id of a request is the id of its workflow. The prefix distinguishes
 * requests from returns, because Host Factory reads the status of both with one operation.
 */
export type RequestId = `req-${string}`;
export type ReturnId = `ret-${string}`;

const UUID_V7 = '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}';
const REQUEST_ID = new RegExp(`^req-${UUID_V7}$`);
const RETURN_ID = new RegExp(`^ret-${UUID_V7}$`);

export const requestIdFrom = (uuidV7: string): RequestId => `req-${uuidV7}`;
export const returnIdFrom = (uuidV7: string): ReturnId => `ret-${uuidV7}`;
export const isRequestId = (id: string): id is RequestId => REQUEST_ID.test(id);
export const isReturnId = (id: string): id is ReturnId => RETURN_ID.test(id);

/** Host Factory's id of the request or return that a workflow is for; undefined for any other. */
export function requestIdOf(workflowId: string): string | undefined {
  const id = workflowId.replace(/^own-/, '');
  return isRequestId(id) || isReturnId(id) ? id : undefined;
}

/** The one workflow that monitors the machines of a provider instance. */
export const monitorId = (deployment: string, provider: string): string => `fleet-${deployment}-${provider}`;

/** When an id was made, epoch ms: the first 48 bits of a UUID version 7 (RFC 9562). */
export const createdAtOf = (id: RequestId | ReturnId): number =>
  Number.parseInt(id.slice(4, 17).replace('-', ''), 16);
