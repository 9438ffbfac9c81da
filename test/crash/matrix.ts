/** What was killed or cut where: how many calls were met, each of another way to get machines or another time. */
export interface Matrix {
  add(column: string, row: string, calls: number): void;
  count(): number;
  table(): string;
}

export function createMatrix(): Matrix {
  const columns = new Set<string>();
  const rows = new Map<string, Map<string, number>>();
  return {
    add(column, row, calls) {
      columns.add(column);
      const cells = rows.get(row) ?? new Map<string, number>();
      rows.set(row, cells.set(column, (cells.get(column) ?? 0) + calls));
    },
    count: () =>
      [...rows.values()].flatMap((cells) => [...cells.values()]).reduce((sum, calls) => sum + calls, 0),
    table: () =>
      [
        ['where', ...columns],
        ['---', ...[...columns].map(() => '---:')],
        ...[...rows].map(([row, cells]) => [
          row,
          ...[...columns].map((column) => String(cells.get(column) ?? '')),
        ]),
      ]
        .map((cells) => `| ${cells.join(' | ')} |`)
        .join('\n'),
  };
}
