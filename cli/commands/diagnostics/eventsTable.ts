import type { AuditLine } from '../../../worker/pipeline/readModelQueries.ts';
import { renderTable } from '../../output/table.ts';

const HEADER = ['TIME', 'WHO', 'EVENT', 'REQUEST', 'DETAIL'] as const;
/** Column widths with `--follow`, where later rows are unknown: those of the usual contents. */
const FOLLOW_WIDTHS = [19, 13, 20, 40] as const;

export function eventsTable(lines: readonly AuditLine[], limit: number): string {
  if (lines.length === 0) return 'none\n';
  const hint = lines.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return hint + renderTable(HEADER, lines.map(eventCells));
}

export const eventRowText = (line: AuditLine): string =>
  `${eventCells(line)
    .map((cell, column) => cell.padEnd(FOLLOW_WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd()}\n`;

function eventCells(line: AuditLine): string[] {
  const { time, who, what, requestId } = line;
  return [time.slice(0, 19).replace('T', ' '), who, what, requestId || '-', detailText(line)];
}

/** The main fields of an event on one line; the JSON output has all of them. */
function detailText({ why = '', ...rest }: AuditLine): string {
  const details = Object.entries(rest).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'machineIds' && Array.isArray(value)) return [`${value.length} machines`];
    return DETAIL_FIELDS.includes(key) &&
      (typeof value === 'number' || (typeof value === 'string' && value !== ''))
      ? [`${key} ${value}`]
      : [];
  });
  return [details.join(', '), why].filter((text) => text !== '').join(': ');
}

const DETAIL_FIELDS: readonly string[] =
  'machineId templateId count ordinal units fulfilledUnits status result code offering returnId'.split(' ');
