/** Longer words are not compared: that takes long, and no known word is as long. */
const MAX_WORD_LENGTH = 100;

/** The known word that is closest to `word`; undefined if none is close. */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const lower = word.toLowerCase();
  const candidates = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(word.length / 3)))
    .toSorted((a, b) => a.distance - b.distance);
  return (
    candidates[0]?.candidate ??
    known.find((candidate) => lower !== '' && candidate.toLowerCase().startsWith(lower))
  );
}

/** ` Did you mean 'x'?`, or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const candidate = closestWord(word, known);
  return candidate === undefined ? '' : ` Did you mean '${candidate}'?`;
}

/** The Levenshtein distance: letters that are added, removed or replaced. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
