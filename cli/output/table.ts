import { isatty } from 'node:tty';

/** What a table is shown on. */
export interface Look {
  /** Columns of the terminal: the last cell of a longer line is wrapped; where that is not enough the line is cut. */
  readonly width: number;
  readonly colour: boolean;
}

/** Rows under a header, in columns as wide as they need to be; numbers to the right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  look: Look = lookOfOutput(),
): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const padded = (row: readonly (string | number)[]): string[] =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
    });
  const shown = (row: readonly (string | number)[], paint: (cell: string) => string): string =>
    wrapped(padded(row), look.width)
      .map((cells) => fitted(cells, look.width).map((cell) => (look.colour ? paint(cell) : cell)))
      .map((cells) => `${cells.join(GAP).trimEnd()}\n`)
      .join('');
  return shown(header, bold) + rows.map((row) => shown(row, coloured)).join('');
}

const GAP = '  ';

/** Programs that read the output get the whole of it, without colours. */
function lookOfOutput(): Look {
  if (!isatty(1)) return { width: Infinity, colour: false };
  // https://no-color.org
  const { NO_COLOR = '', TERM = '' } = process.env;
  return { width: process.stdout.columns || Infinity, colour: NO_COLOR === '' && TERM !== 'dumb' };
}

/** Less room than this is not worth wrapping in. */
const NARROWEST = 20;

/** The last cell over as many lines as it needs, under empty cells. */
function wrapped(cells: readonly string[], width: number): (readonly string[])[] {
  const others = cells.slice(0, -1);
  const room = width - others.reduce((sum, cell) => sum + cell.length + GAP.length, 0);
  const last = cells.at(-1)?.trimEnd() ?? '';
  if (last.length <= room || room < NARROWEST) return [cells];
  const lines = [''];
  for (const word of last.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= room) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  const blank = others.map((cell) => ' '.repeat(cell.length));
  return lines.map((line, index) => [...(index === 0 ? others : blank), line]);
}

/** As many cells, and of the last as much, as the width has room for. */
function fitted(cells: readonly string[], width: number): string[] {
  const fit: string[] = [];
  let left = width;
  for (const [index, cell] of cells.entries()) {
    const isLast = index === cells.length - 1;
    const text = isLast ? cell.trimEnd() : cell;
    if (text.length > left || (!isLast && text.length + GAP.length >= left)) {
      if (left > 0) fit.push(text.trimEnd().length > left ? `${text.slice(0, left - 1)}…` : text.trimEnd());
      return fit;
    }
    fit.push(text);
    left -= text.length + GAP.length;
  }
  return fit;
}

const ESCAPE = '\u001b[';
const bold = (text: string): string => `${ESCAPE}1m${text}${ESCAPE}22m`;

const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const COLOURS: Readonly<Record<string, number>> = {
  ok: GREEN,
  complete: GREEN,
  succeed: GREEN,
  degraded: YELLOW,
  unknown: YELLOW,
  failed: RED,
  fail: RED,
  complete_with_error: RED,
  MachineReclaimed: YELLOW,
  Shortage: YELLOW,
};

/** Words that say how something is. */
function coloured(cell: string): string {
  const colour = COLOURS[cell.trim()];
  return colour === undefined ? cell : `${ESCAPE}${colour}m${cell}${ESCAPE}39m`;
}
