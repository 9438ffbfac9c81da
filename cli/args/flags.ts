import { ValidationError } from '../../domain/errors/errors.ts';

/** Options as cac parses them: text, a number if the text looks like one, or missing. */
export type Flags = Readonly<Record<string, unknown>>;

/**
 * The text of an option, which cac turns into a number if it consists of digits.
 * @throws ValidationError if it has no value or is repeated
 */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return String(value);
  throw new ValidationError(`${flagName(name)} needs one value.`);
}

/** `hfTop` -> `--hf-top` */
export const flagName = (name: string): string =>
  name.length === 1 ? `-${name}` : `--${name.replaceAll(/[A-Z]/g, '-$&').toLowerCase()}`;
