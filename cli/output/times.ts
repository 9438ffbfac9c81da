import { createdAtOf, isRequestId, isReturnId } from '../../contract/ids.ts';

/** The creation time in the id of a request, return or adopter: UTC, to the second; `-` if the id has none. */
export function createdAtText(id: string): string {
  const requestId = id.replace(/^own-/, '');
  return isRequestId(requestId) || isReturnId(requestId) ? utcText(createdAtOf(requestId)) : '-';
}

/** Epoch ms -> `2026-01-31 23:59:59`. */
export const utcText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a date or time (UTC if it has no zone), or an age such as `90m`, `12h`, `7d`.
 * @returns epoch ms; undefined for anything else
 */
export function parseTime(text: string, now: number): number | undefined {
  const [, number, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (number !== undefined) return now - Number(number) * (UNIT_MS[unit] ?? 0);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const time = Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
