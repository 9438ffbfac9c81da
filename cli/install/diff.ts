/** Lines of the same text around a change. */
const CONTEXT = 3;

type Line = readonly [mark: ' ' | '-' | '+', text: string];

/** A unified diff, as `diff -u` prints it; '' when both are the same. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const lines = diffLines(linesOf(before), linesOf(after));
  const inHunk = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(([mark]) => mark !== ' '),
  );
  const out = [`--- ${before === '' ? '/dev/null' : path}`, `+++ ${after === '' ? '/dev/null' : path}`];
  let [oldLine, newLine] = [1, 1];
  for (let index = 0; index < lines.length;) {
    if (inHunk[index]) {
      const end = inHunk.indexOf(false, index);
      const hunk = lines.slice(index, end === -1 ? undefined : end);
      const [olds, news] = [hunk.filter(([mark]) => mark !== '+'), hunk.filter(([mark]) => mark !== '-')];
      out.push(`@@ -${range(oldLine, olds.length)} +${range(newLine, news.length)} @@`);
      out.push(...hunk.map(([mark, text]) => mark + text));
      [oldLine, newLine, index] = [oldLine + olds.length, newLine + news.length, index + hunk.length];
    } else {
      [oldLine, newLine, index] = [oldLine + 1, newLine + 1, index + 1];
    }
  }
  return `${out.join('\n')}\n`;
}

const range = (line: number, count: number): string => `${count === 0 ? line - 1 : line},${count}`;

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** By the longest common subsequence: the files have some hundred lines at most. */
function diffLines(before: readonly string[], after: readonly string[]): Line[] {
  /** common[i][j]: length of what before[i..] and after[j..] share. */
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const shared = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (const [i, row] of [...common.entries()].slice(0, -1).toReversed()) {
    for (let j = after.length - 1; j >= 0; j--) {
      const isSame = before[i] === after[j];
      row[j] = isSame ? shared(i + 1, j + 1) + 1 : Math.max(shared(i + 1, j), row[j + 1] ?? 0);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [removed, added] = [before[i], after[j]];
    if (removed !== undefined && removed === added) {
      lines.push([' ', removed]);
      [i, j] = [i + 1, j + 1];
    } else if (removed !== undefined && (added === undefined || shared(i + 1, j) >= shared(i, j + 1))) {
      lines.push(['-', removed]);
      i += 1;
    } else {
      lines.push(['+', added ?? '']);
      j += 1;
    }
  }
  return lines;
}
