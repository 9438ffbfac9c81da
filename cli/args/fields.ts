import * as z from 'zod/mini';
import { valueText } from '../../config/input/issues.ts';
import type { JsonObject } from '../../config/input/jsonFile.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { Schema, Validate } from '../operations/operation.ts';
import type { Flags } from './flags.ts';

/** One key of an operation's input: an option or a positional argument of the command line. */
export interface Field {
  readonly name: string;
  /** e.g. `--limit <n>` */
  readonly flag?: string;
  /** e.g. `<id>` or `[...requestIds]` */
  readonly arg?: string;
  readonly description?: string;
}
type Metadata = Omit<Field, 'name'>;

/** An option without a value. */
export const switchOption = (flag: string, description: string) =>
  z.optional(z.boolean('no value').check(z.meta({ flag, description })));

/** An option with a text value. cac turns text that looks like a number into one; this turns it back. */
export const textOption = (flag: string, description: string, allowed = 'one value', pattern = /[^]/) =>
  z.optional(
    z
      .pipe(
        z.transform((value: unknown) => (typeof value === 'number' ? String(value) : value)),
        z.string(allowed).check(z.regex(pattern, allowed)),
      )
      .check(z.meta({ flag, description })),
  );

export const integerOption = (flag: string, description: string, [min, max]: readonly [number, number]) => {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.optional(
    z
      .number(allowed)
      .check(z.int(allowed), z.gte(min, allowed), z.lte(max, allowed), z.meta({ flag, description })),
  );
};

export const limitOption = () =>
  integerOption('--limit <n>', 'How many at most (default: 100)', [1, 100_000]);
export const DEFAULT_LIMIT = 100;

/** Positional arguments: a list, or one value. */
export const listArgument = (arg: string, allowed: string, isValid = (_value: string): boolean => true) =>
  z
    .array(z.string(allowed).check(z.refine(isValid, allowed)), allowed)
    .check(z.meta({ arg, description: allowed }));
export const argument = (arg: string, allowed: string, isValid: (value: string) => boolean) =>
  z.string(allowed).check(z.refine(isValid, allowed), z.meta({ arg, description: allowed }));

/** The keys of an object schema with their metadata; that of an optional key is on its inner schema. */
export function fieldsOf(schema: Schema<unknown>): readonly Field[] {
  if (!(schema instanceof z.ZodMiniObject)) return [];
  const shape = schema.shape as Readonly<Record<string, z.ZodMiniType>>;
  return Object.entries(shape).map(([name, field]) => {
    const inner = field instanceof z.ZodMiniOptional ? (field.def.innerType as z.ZodMiniType) : field;
    return { name, ...(z.globalRegistry.get(inner) as Metadata | undefined) };
  });
}

/**
 * Builds an operation's input document from its arguments and options.
 * @throws ValidationError on too many arguments
 */
export function inputOf(fields: readonly Field[], args: readonly string[], flags: Flags): JsonObject {
  const options = fields
    .filter(({ name, flag }) => flag !== undefined && flags[name] !== undefined)
    .map(({ name }) => [name, flags[name]]);
  const positional = fields.find(({ arg }) => arg !== undefined);
  if (positional?.arg?.includes('...'))
    return Object.fromEntries([...options, [positional.name, args]]) as JsonObject;
  const [first, second] = args;
  if (positional && second !== undefined)
    throw new ValidationError(`Only one ${positional.arg} is allowed; '${second}' is a second one.`);
  const argumentEntry = positional && first !== undefined ? [[positional.name, first]] : [];
  return Object.fromEntries([...options, ...argumentEntry]) as JsonObject;
}

/** Reports the first invalid value, under its name on the command line. */
export const validateFields: Validate = (schema, input) => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const [key, index] = issue?.path ?? [];
  const { flag, arg = 'the input' } = fieldsOf(schema).find(({ name }) => name === key) ?? {};
  const given = typeof key === 'string' ? input[key] : input;
  const value: unknown = Array.isArray(given) && typeof index === 'number' ? given[index] : given;
  throw new ValidationError(
    `${flag?.split(' ')[0] ?? arg} is ${valueText(value)}; allowed: ${issue?.message ?? ''}.`,
  );
};
