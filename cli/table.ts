import { isatty } from 'node:tty';

/** What a table is shown on. */
export interface Look {
  /** Columns of the terminal: a longer line is cut, and ends with `…`. */
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
  const head = fitted(padded(header), look.width).map((cell) => (look.colour ? bold(cell) : cell));
  const lines = rows.map((row) =>
    fitted(padded(row), look.width).map((cell) => (look.colour ? coloured(cell) : cell)),
  );
  return [head, ...lines].map((cells) => `${cells.join(GAP).trimEnd()}\n`).join('');
}

const GAP = '  ';

/** Programs that read the output get the whole of it, without colours. */
function lookOfOutput(): Look {
  if (!isatty(1)) return { width: Infinity, colour: false };
  // https://no-color.org
  const { NO_COLOR = '', TERM = '' } = process.env;
  return { width: process.stdout.columns || Infinity, colour: NO_COLOR === '' && TERM !== 'dumb' };
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
