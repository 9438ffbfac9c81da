import type { AuditLine } from '../../../worker/pipeline/readModelQueries.ts';
import { table } from '../../output/table.ts';

const HEADER = ['TIME', 'WHO', 'WHAT', 'OF', 'DETAIL'] as const;
/** Of `--follow`, where no later row is known: as wide as what mostly stands there. */
const WIDTHS = [19, 13, 20, 40] as const;

export function eventsTable(lines: readonly AuditLine[], limit: number): string {
  if (lines.length === 0) return 'none\n';
  const more = lines.length === limit ? `the newest ${limit}; --limit shows more\n` : '';
  return more + table(HEADER, lines.map(cellsOf));
}

export const eventLine = (line: AuditLine): string =>
  `${cellsOf(line)
    .map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd()}\n`;

function cellsOf(line: AuditLine): string[] {
  const { time, who, what, requestId } = line;
  return [time.slice(0, 19).replace('T', ' '), who, what, requestId || '-', detailOf(line)];
}

/** What an event says beside its type, in one line; the whole of it is in the JSON. */
function detailOf({ why = '', ...rest }: AuditLine): string {
  const said = Object.entries(rest).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'machineIds' && Array.isArray(value)) return [`${value.length} machines`];
    return DETAILS.includes(key) && (typeof value === 'number' || (typeof value === 'string' && value !== ''))
      ? [`${key} ${value}`]
      : [];
  });
  return [said.join(', '), why].filter((text) => text !== '').join(': ');
}

const DETAILS: readonly string[] =
  'machineId templateId count ordinal units got status result code pool returnId'.split(' ');
