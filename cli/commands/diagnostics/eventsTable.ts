import type { AuditLine } from '../../../worker/pipeline/readModelQueries.ts';
import { renderTable } from '../../output/table.ts';

const HEADER = ['TIME', 'WHO', 'WHAT', 'OF', 'DETAIL'] as const;
/** Of `--follow`, where no later row is known: as wide as what mostly stands there. */
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

/** What an event says beside its type, in one line; the whole of it is in the JSON. */
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
