import * as z from 'zod';

/**
 * What a setting says beside its type, by `.meta()`. Every type below brings `allowed`, which completes the
 * sentence "allowed: ..." of an error message.
 *
 * - `description`: one line of Markdown for the documentation
 * - `defaultText`: without a default value: what holds then, in words
 * - `env`: well-known variables beside our own `OHF_...`, which wins over them
 * - `isSecret`: only from the environment; never in a file, a log or a message
 * - `isMasked`: may be in a file, but in no message and no output
 */

export const text = (allowed: string, pattern = /^\S(.*\S)?$/) =>
  z.string(allowed).regex(pattern, allowed).meta({ allowed });

/** Fractions let a simulated cloud, which boots machines in a second, be polled fast enough. */
export const number = (unit: string, min: number, max: number) => {
  const allowed = `a number from ${min} to ${max} (${unit})`;
  return z.number(allowed).min(min, allowed).max(max, allowed).meta({ allowed, unit });
};

export const integer = (unit: string, min: number, max: number) => {
  const allowed = `a whole number from ${min} to ${max} (${unit})`;
  return z.number(allowed).int(allowed).min(min, allowed).max(max, allowed).meta({ allowed, unit });
};

export const flag = z.boolean('true or false').meta({ allowed: 'true or false' });

export const oneOf = <const T extends readonly string[]>(values: T) => {
  const allowed = values.join(', ');
  return z.enum(values, allowed).meta({ allowed });
};

/** One text of several words, separated by commas. */
export const listOf = (what: string, values: readonly string[]) => {
  const word = `\\s*(?:${values.join('|')})\\s*`;
  return text(`${what} separated by commas: ${values.join(', ')}`, new RegExp(`^${word}(?:,${word})*$`));
};

export const url = (allowed: string, pattern = /^https?:\/\/[^\s/]+(\/\S*)?$/) =>
  z
    .string(allowed)
    .regex(pattern, allowed)
    .refine((value) => URL.canParse(value), allowed)
    .meta({ allowed, format: 'url' });

export const httpUrl = (example: string) => url(`an http or https URL, e.g. "${example}"`);

/** From 1 to 65535, also with leading zeros. */
const PORT = '(?!0+$)(?:[0-5]?\\d{1,4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';

export const address = (example: string) =>
  text(`host:port, e.g. "${example}"`, new RegExp(`^(?:[^\\s:/]+|\\[[0-9a-fA-F:.]+\\]):${PORT}$`));

export const absolutePath = text('an absolute path', /^\/.*\S$/);

/** The content of a PEM file is checked where it is read. */
export const pemPath = text('the path of a PEM file');
