import type { Environment } from '../../config/index.ts';
import { ValidationError } from '../../domain/errors/errors.ts';

/**
 * One command for people: a module of its own in cli/commands/, named in its registry.ts.
 * @returns the exit code, 0 or 1
 * @throws OhfError whose message is for the caller
 */
export type Command = (input: CommandInput, env: Environment) => Promise<number>;

export interface CommandInput {
  /** What stands behind the command's name, but for options. */
  readonly args: readonly string[];
  /** Options as cac hands them over: text, numbers where they look like numbers, or missing. */
  readonly flags: Flags;
}

export type Flags = Readonly<Record<string, unknown>>;

/**
 * The text of an option; cac turns a text of digits into a number.
 * @throws ValidationError when it has no value, or stands there twice
 */
export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return String(value);
  throw new ValidationError(`${flagName(name)} needs one value.`);
}

/** As textFlag, but there must be one. */
export function requiredFlag(flags: Flags, name: string, meaning: string): string {
  const value = textFlag(flags, name);
  if (value === undefined) throw new ValidationError(`${flagName(name)} is missing: ${meaning}.`);
  return value;
}

const DEFAULT_LIMIT = 100;

/** How many to list at most. @throws ValidationError */
export function limitFlag(flags: Flags): number {
  const value = flags['limit'] ?? DEFAULT_LIMIT;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new ValidationError(`--limit is ${JSON.stringify(value)}; allowed: a whole number from 1 to 100000.`);
}

/** `hfTop` -> `--hf-top` */
export const flagName = (name: string): string =>
  name.length === 1 ? `-${name}` : `--${name.replaceAll(/[A-Z]/g, '-$&').toLowerCase()}`;
