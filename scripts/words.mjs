import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './lib/paths.mjs';
import { printError } from './lib/problem.mjs';
import { countByFolder, findRetiredWords, readRules } from './lib/retired-words.mjs';

const USAGE = `npm run words -- [FOLDER|FILE...] [OPTION...]

Lists uses of retired words in the given folders (default: the whole repository), with the words that replace
them (scripts/lib/words.json). docs/glossary.md defines the terms. It is a reviewer's aid: it always exits with 0.

Options:
  --counts     print only the counts of each top-level folder
  --word WORD  list only this word, e.g. --word gone
  --help       print this and exit`;

/** Files that name retired words on purpose. */
const EXEMPT = new Set(['scripts/lib/words.json', 'scripts/words.mjs', 'scripts/lib/retired-words.mjs']);

const trackedFiles = (folders) =>
  execFileSync('git', ['ls-files', '--', ...folders], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => /\.(ts|mjs|md|sh)$/.test(file) && !EXEMPT.has(file));

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      counts: { type: 'boolean', default: false },
      word: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return `${USAGE}\n`;
  const rules = readRules(values.word);
  const uses = trackedFiles(positionals.map((folder) => path.resolve(folder))).flatMap((file) =>
    findRetiredWords(readFileSync(path.join(root, file), 'utf8'), rules).map((use) => ({ file, ...use })),
  );
  const lines = uses.map(
    ({ file, line, words, replacement, text }) => `${file}:${line}: ${words} -> ${replacement}\n    ${text}`,
  );
  const counts = countByFolder(uses).map(([folder, count]) => `${String(count).padStart(6)}  ${folder}`);
  return `${[...(values.counts ? [] : lines), ...counts].join('\n')}\n`;
}

try {
  process.stdout.write(main());
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
