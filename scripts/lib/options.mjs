import { parseArgs } from 'node:util';
import { Problem } from './problem.mjs';

/**
 * Reads boolean options. `allowed` maps each name to its help text. `--help` always exists: it prints the usage and
 * exits.
 * @throws Problem that names an unknown argument and all allowed ones
 */
export function readOptions(usage, allowed, args = process.argv.slice(2)) {
  const all = { ...allowed, help: 'print this and exit' };
  const width = Math.max(...Object.keys(all).map((name) => name.length));
  const list = Object.entries(all)
    .map(([name, text]) => `  --${name.padEnd(width)}  ${text}`)
    .join('\n');
  const options = Object.fromEntries(
    Object.keys(all).map((name) => [name, { type: 'boolean', default: false }]),
  );
  const { values, positionals, tokens } = parseArgs({
    args,
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const wrong = tokens.find(
    (token) => token.kind === 'option' && (!Object.hasOwn(all, token.name) || token.value !== undefined),
  );
  const unknown = wrong?.rawName ?? positionals[0];
  if (unknown !== undefined) throw new Problem(`Unknown argument ${unknown}. Allowed are:\n${list}`);
  if (values.help) {
    process.stdout.write(`${usage}\n\nOptions:\n${list}\n`);
    process.exit(0);
  }
  return values;
}
