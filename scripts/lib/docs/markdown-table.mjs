/** A table as the formatter writes it, with each column as wide as its widest cell. */
export function markdownTable(header, rows) {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`;
  const [first, ...others] = cells.map(line);
  return `${first}| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n${others.join('')}`;
}
