import { isatty } from 'node:tty';

/** The terminal or pipe that a table is written to. */
export interface TableStyle {
  /** Columns of the terminal. A longer line wraps its last cell; if that is not enough, the line is cut. */
  readonly width: number;
  readonly colour: boolean;
}

/** Renders rows under a header. A column is as wide as its longest cell; numbers are right-aligned. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  style: TableStyle = stdoutStyle(),
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const padRow = (row: readonly (string | number)[]): string[] =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
    });
  const renderRow = (row: readonly (string | number)[], paint: (cell: string) => string): string =>
    wrapLastCell(padRow(row), style.width)
      .map((cells) => truncateCells(cells, style.width).map((cell) => (style.colour ? paint(cell) : cell)))
      .map((cells) => `${cells.join(GAP).trimEnd()}\n`)
      .join('');
  return renderRow(header, bold) + rows.map((row) => renderRow(row, colourStatus)).join('');
}

const GAP = '  ';

/** A program that reads the output gets complete lines without colours. */
function stdoutStyle(): TableStyle {
  if (!isatty(1)) return { width: Infinity, colour: false };
  // https://no-color.org
  const { NO_COLOR = '', TERM = '' } = process.env;
  return { width: process.stdout.columns || Infinity, colour: NO_COLOR === '' && TERM !== 'dumb' };
}

/** The last cell is not wrapped into fewer columns than this. */
const MIN_WRAP_WIDTH = 20;

/** Wraps the last cell over as many lines as it needs; the other cells of the added lines are blank. */
function wrapLastCell(cells: readonly string[], width: number): (readonly string[])[] {
  const others = cells.slice(0, -1);
  const available = width - others.reduce((sum, cell) => sum + cell.length + GAP.length, 0);
  const last = cells.at(-1)?.trimEnd() ?? '';
  if (last.length <= available || available < MIN_WRAP_WIDTH) return [cells];
  const lines = [''];
  for (const word of last.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= available) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  const blank = others.map((cell) => ' '.repeat(cell.length));
  return lines.map((line, index) => [...(index === 0 ? others : blank), line]);
}

/** Drops the cells that exceed the width and shortens the last one that is left. */
function truncateCells(cells: readonly string[], width: number): string[] {
  const kept: string[] = [];
  let remaining = width;
  for (const [index, cell] of cells.entries()) {
    const isLast = index === cells.length - 1;
    const text = isLast ? cell.trimEnd() : cell;
    if (text.length > remaining || (!isLast && text.length + GAP.length >= remaining)) {
      if (remaining > 0)
        kept.push(text.trimEnd().length > remaining ? `${text.slice(0, remaining - 1)}…` : text.trimEnd());
      return kept;
    }
    kept.push(text);
    remaining -= text.length + GAP.length;
  }
  return kept;
}

const ESCAPE = '\u001b[';
const bold = (text: string): string => `${ESCAPE}1m${text}${ESCAPE}22m`;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const STATUS_COLOURS: Readonly<Record<string, number>> = {
  ok: GREEN,
  complete: GREEN,
  succeed: GREEN,
  degraded: YELLOW,
  unknown: YELLOW,
  failed: RED,
  fail: RED,
  complete_with_error: RED,
  MachineLost: YELLOW,
  ShortageReported: YELLOW,
};

/** Colours a cell that is a status or a notable event type. */
function colourStatus(cell: string): string {
  const colour = STATUS_COLOURS[cell.trim()];
  return colour === undefined ? cell : `${ESCAPE}${colour}m${cell}${ESCAPE}39m`;
}
