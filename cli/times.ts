import { bornAt, isRequestId, isReturnId } from '../domain/shared/ids.ts';

/** When a request or return was made, by its id: UTC, to the second; `-` where the id does not say. */
export function bornText(id: string): string {
  const own = id.replace(/^own-/, '');
  return isRequestId(own) || isReturnId(own) ? utcText(bornAt(own)) : '-';
}

/** Epoch ms -> `2026-01-31 23:59:59`. */
export const utcText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
