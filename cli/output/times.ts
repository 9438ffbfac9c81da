import { createdAtOf, isRequestId, isReturnId } from '../../contract/ids.ts';

/** When a request or return was made, by its id: UTC, to the second; `-` where the id does not say. */
export function createdAtText(id: string): string {
  const requestId = id.replace(/^own-/, '');
  return isRequestId(requestId) || isReturnId(requestId) ? utcText(createdAtOf(requestId)) : '-';
}

/** Epoch ms -> `2026-01-31 23:59:59`. */
export const utcText = (time: number): string => new Date(time).toISOString().slice(0, 19).replace('T', ' ');

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A date or time (UTC where it says no zone), or how long ago: `90m`, `12h`, `7d`.
 * @returns epoch ms; undefined for anything else
 */
export function parseTime(text: string, now: number): number | undefined {
  const [, number, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (number !== undefined) return now - Number(number) * (UNIT_MS[unit] ?? 0);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)) return undefined;
  const time = Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}
