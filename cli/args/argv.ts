import { didYouMean } from '../../config/input/suggest.ts';
import { ValidationError } from '../../domain/errors/errors.ts';

/** Where the input of an operation comes from. */
export type InputSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'data'; readonly json: string }
  | { readonly kind: 'args'; readonly args: readonly string[] };

const INPUT_OPTIONS: Readonly<Record<string, 'file' | 'data'>> = {
  '-f': 'file',
  '--file': 'file',
  '-d': 'data',
  '--data': 'data',
};

/**
 * Parses the arguments after an operation's name. It does not use cac, which turns `0456` into a number: ids
 * and names must arrive as typed.
 * @throws ValidationError on an unknown option, or when the input is given more than once
 */
export function parseArgv(args: readonly string[]): InputSource {
  const sources: InputSource[] = [];
  const positional: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    const assigned = /^(--\w+)=(.*)$/s.exec(arg);
    const option = assigned?.[1] ?? arg;
    const kind = Object.hasOwn(INPUT_OPTIONS, option) ? INPUT_OPTIONS[option] : undefined;
    if (kind) {
      const value = assigned ? assigned[2] : args[++index];
      if (!value)
        throw new ValidationError(`The option ${option} needs ${kind === 'file' ? 'a path' : 'JSON'}.`);
      sources.push(kind === 'file' ? { kind, path: value } : { kind, json: value });
    } else if (arg === '--') {
      positional.push(...args.slice(index + 1));
      break;
    } else if (/^-\D/.test(arg)) {
      const known = Object.keys(INPUT_OPTIONS);
      throw new ValidationError(
        `Unknown option ${option}.${didYouMean(option, known)} Allowed: ${known.join(', ')}.`,
      );
    } else {
      positional.push(arg);
    }
  }
  if (positional.length > 0) sources.push({ kind: 'args', args: positional });
  if (sources.length > 1)
    throw new ValidationError('The input is given twice; allowed: one of -f FILE, -d JSON or arguments.');
  return sources[0] ?? { kind: 'args', args: [] };
}
