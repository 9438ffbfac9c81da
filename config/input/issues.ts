import type * as z from 'zod/mini';
import { describeType } from './jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { didYouMean } from './suggest.ts';

type Issue = z.core.$ZodIssue;

interface IssueContext {
  /** The source of the value at a path, e.g. a file or a variable. */
  readonly origin: (path: string) => string;
  readonly knownPaths: readonly string[];
}

/** One sentence per issue: where, which key, what it is, what is allowed. */
export function describeIssues(issues: readonly Issue[], input: unknown, context: IssueContext): string {
  return issues.flatMap((issue) => describe(issue, input, context)).join(' ');
}

function describe(issue: Issue, input: unknown, context: IssueContext): string[] {
  const path = pathText(issue.path);
  const unknown = unknownKeys(issue);
  if (unknown.length > 0) {
    return unknown.map((key) => {
      const full = path === '' ? key : `${path}.${key}`;
      const where = context.origin(full);
      return `${where}: '${full}' is not a setting.${didYouMean(full, context.knownPaths)}`;
    });
  }
  const value = issue.path.reduce<unknown>(
    (inner, key) => (isContainer(inner) ? inner[key] : undefined),
    input,
  );
  const name = path === '' ? 'the input' : path;
  return [`${context.origin(path)}: ${name} is ${valueText(value)}; allowed: ${issue.message}.`];
}

/** Also in a union, if one of its forms matches except for unknown keys. */
function unknownKeys(issue: Issue): readonly string[] {
  if (issue.code === 'unrecognized_keys') return issue.keys;
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flatMap((issues) => (issues.length === 1 ? issues.flatMap(unknownKeys) : []));
}

const isContainer = (value: unknown): value is Record<PropertyKey, unknown> =>
  isObject(value) || Array.isArray(value);

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? String(key) : `${text}.${String(key)}`,
    '',
  );

/** Formats a name from outside for a message: short, on one line. */
export const shortName = (name: string): string => {
  const text = JSON.stringify(name).slice(1, -1);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

/** Formats a value for a message: short, on one line, without the user of a URL. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = jsonText(value).replaceAll(/:\/\/[^\s/@]*@/g, '://****@');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    // JSON.parse accepts any depth, but JSON.stringify overflows the stack.
    return `${describeType(value)} of too many levels`;
  }
}
