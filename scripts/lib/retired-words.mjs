import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/**
 * Reads words.json: retired words (or sequences of words), their replacement, and regular expressions of allowed
 * uses, e.g. AWS's own terms.
 * @param only a single word to list
 */
export function readRules(only) {
  const rules = JSON.parse(readFileSync(path.join(root, 'scripts/lib/words.json'), 'utf8'));
  return rules.flatMap(({ words, use, except = [] }) =>
    words
      .filter((phrase) => only === undefined || phrase === only.toLowerCase())
      .map((phrase) => ({
        sequence: phrase.split(' '),
        replacement: use,
        except: except.map((pattern) => new RegExp(pattern, 'g')),
      })),
  );
}

/** Finds retired words in prose and as parts of identifiers (`toldAt`, `TOLD_AT`, `told-at`). */
export function findRetiredWords(source, rules) {
  return source.split('\n').flatMap((text, index) =>
    rules.flatMap(({ sequence, replacement, except }) => {
      const words = wordsOf(except.reduce((rest, pattern) => rest.replace(pattern, ' '), text));
      const hits = words.filter((_, start) =>
        sequence.every((word, at) => words[start + at] === word),
      ).length;
      const use = {
        line: index + 1,
        words: sequence.join(' '),
        replacement,
        text: text.trim().slice(0, 160),
      };
      return Array.from({ length: hits }, () => use);
    }),
  );
}

/** Splits identifiers into words: `toldAt` and `TOLD_AT` are `told` and `at`. */
const wordsOf = (text) =>
  (text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z']+/g) ?? []).map((word) => word.toLowerCase().replace(/'s?$/, ''));

/** @returns the number of uses in each top-level folder, most first */
export function countByFolder(uses) {
  const counts = new Map();
  for (const { file } of uses) {
    const folder = file.includes('/') ? `${file.split('/')[0]}/` : '(top)';
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].toSorted(([, one], [, other]) => other - one);
}
