import { describeType, type JsonObject } from '../input/jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { valueText } from '../input/issues.ts';
import { didYouMean } from '../input/suggest.ts';

/** A finding about one key of one template: a problem makes the template unusable, a note does not. */
export interface TemplateFinding {
  readonly templateId: string;
  readonly key: string;
  readonly message: string;
}

/** One template of the file while it is mapped: its values and the findings so far. */
export interface TemplateReader {
  readonly templateId: string;
  readonly raw: JsonObject;
  readonly problems: TemplateFinding[];
  readonly notes: TemplateFinding[];
}

export const createReader = (raw: JsonObject, templateId: string): TemplateReader => ({
  templateId,
  raw,
  problems: [],
  notes: [],
});

export function problem(reader: TemplateReader, key: string, message: string): undefined {
  reader.problems.push({ templateId: reader.templateId, key, message });
  return undefined;
}

export function note(reader: TemplateReader, key: string, message: string): void {
  reader.notes.push({ templateId: reader.templateId, key, message });
}

/** Reports every key of an object inside a template that is not known. `path` names the object. */
export function checkNestedKeys(
  reader: TemplateReader,
  path: string,
  object: JsonObject,
  known: readonly string[],
): void {
  const [key = path] = path.split(/[.[]/);
  for (const name of Object.keys(object)) {
    if (known.includes(name) || isBlank(object[name])) continue;
    problem(reader, key, `${path}.${name} is not a known key.${didYouMean(name, known)}`);
  }
}

/** IBM's samples have unused keys that are blank or null; these count as absent. */
export function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (Array.isArray(value)) return value.every(isBlank);
  return isObject(value) && Object.keys(value).length === 0;
}

export const hasValue = (reader: TemplateReader, key: string): boolean => !isBlank(reader.raw[key]);

const invalid = (reader: TemplateReader, key: string, allowed: string): undefined =>
  problem(reader, key, `${key} is ${valueText(reader.raw[key])}; allowed: ${allowed}.`);

export function string(reader: TemplateReader, key: string, allowed = 'a text'): string | undefined {
  const value = reader.raw[key];
  if (isBlank(value)) return undefined;
  return typeof value === 'string' ? value.trim() : invalid(reader, key, allowed);
}

export function requiredString(reader: TemplateReader, key: string, meaning: string): string {
  if (!hasValue(reader, key)) problem(reader, key, `${key} is missing; allowed: ${meaning}.`);
  return string(reader, key, meaning) ?? '';
}

/** A whole number, also as text; undefined if it is absent or, with a problem, invalid. */
export function integer(reader: TemplateReader, key: string, min: number, max: number): number | undefined {
  const value = reader.raw[key];
  if (isBlank(value)) return undefined;
  const number = toInteger(value);
  if (number !== undefined && number >= min && number <= max) return number;
  return invalid(reader, key, `a whole number from ${min} to ${max}`);
}

export function oneOf<T extends string>(
  reader: TemplateReader,
  key: string,
  allowed: Readonly<Record<string, T>>,
): T | undefined {
  const value = string(reader, key);
  if (value === undefined) return undefined;
  const found = Object.hasOwn(allowed, value) ? allowed[value] : undefined;
  return found ?? invalid(reader, key, Object.keys(allowed).join(', '));
}

/** `"a"`, `"a,b"` or `["a", "b"]`; blanks are dropped. */
export function stringList(reader: TemplateReader, key: string): readonly string[] {
  const value = reader.raw[key];
  if (isBlank(value)) return [];
  const parts = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string' || part === null)) {
    invalid(reader, key, 'a text or a list of texts');
    return [];
  }
  return parts.flatMap((part: string | null) => part?.trim() || []);
}

/** `{"m5.large": 1, ...}` with whole numbers from `min` to `max`, in the order of the file. */
export function numberTable(
  reader: TemplateReader,
  key: string,
  min: number,
  max: number,
): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  const value = reader.raw[key];
  if (isBlank(value)) return table;
  if (!isObject(value)) {
    problem(reader, key, `${key} is ${describeType(value)}; allowed: an object of instance type and number.`);
    return table;
  }
  for (const [name, entry] of Object.entries(value)) {
    const number = toInteger(entry);
    if (number !== undefined && number >= min && number <= max) table.set(name, number);
    else {
      const allowed = `a whole number from ${min} to ${max}`;
      problem(reader, key, `${key} has ${valueText(entry)} for '${name}'; allowed: ${allowed}.`);
    }
  }
  return table;
}

export function toInteger(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string' || !/^-?\d{1,15}$/.test(value.trim())) return undefined;
  return Number(value);
}

/** A boolean, also as text; undefined if it is absent or, with a problem, invalid. */
export function boolean(reader: TemplateReader, key: string): boolean | undefined {
  const value = reader.raw[key];
  if (isBlank(value)) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  return invalid(reader, key, 'true or false');
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Drops the keys without a value, so that they do not appear in the request. */
export function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
