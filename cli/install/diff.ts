import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** A unified diff, as `diff -u` prints it; '' if both texts are equal. An empty text means that there is no file. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const nameOf = (text: string): string => (text === '' ? '/dev/null' : path);
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(nameOf(before), nameOf(after), before, after, undefined, undefined, options);
}
