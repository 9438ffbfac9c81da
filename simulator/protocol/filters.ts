import type { Call } from './call.ts';
import { AwsError, invalidValue } from './errors.ts';
import type { Tags } from '../state/model.ts';
import { integer, subtrees, stringAt, stringList } from './params.ts';
import type { ParamTree } from './params.ts';

/** Returns the values that a resource has for each filter; `tags` serves `tag:<key>` and `tag-key`. */
export type Filterable<T> = {
  fields: Record<string, (item: T) => string | undefined>;
  tags?: (item: T) => Tags;
};

const maxFilterValues = 200;

/**
 * The `Filter.N` of a call as one predicate: all filters must hold, each by any of its values.
 * Throws InvalidParameterValue for an unknown filter, FilterLimitExceeded for more than 200 values.
 */
export function readFilters<T>(params: ParamTree, kind: Filterable<T>): (item: T) => boolean {
  let count = 0;
  const tests = subtrees(params, 'Filter').map((filter): ((item: T) => boolean) => {
    const name = stringAt(filter, 'Name') ?? '';
    const values = stringList(filter, 'Value');
    count += values.length;
    if (values.length === 0) throw new AwsError('InvalidParameterValue', `The filter '${name}' has no value`);
    const matches = anyOf(values);
    if (kind.tags !== undefined && name === 'tag-key') {
      const tags = kind.tags;
      return (item) => Object.keys(tags(item)).some(matches);
    }
    if (kind.tags !== undefined && name.startsWith('tag:')) {
      const tags = kind.tags;
      const key = name.slice('tag:'.length);
      return (item) => matches(tags(item)[key]);
    }
    const field = Object.hasOwn(kind.fields, name) ? kind.fields[name] : undefined;
    if (field === undefined) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
    return (item) => matches(field(item));
  });
  if (count > maxFilterValues) {
    throw new AwsError(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${maxFilterValues}`,
    );
  }
  return (item) => tests.every((test) => test(item));
}

function anyOf(values: string[]): (value: string | undefined) => boolean {
  const exact = new Set(values.filter((value) => !/[*?\\]/.test(value)));
  const patterns = values.filter((value) => !exact.has(value)).map(wildcard);
  return (value) =>
    value !== undefined && (exact.has(value) || patterns.some((pattern) => pattern.test(value)));
}

/** `*` is any text, `?` any character, `\` takes the next character as it is. */
function wildcard(value: string): RegExp {
  const source = value.replaceAll(/\\.|[\s\S]/gu, (part) => {
    if (part === '*') return '[\\s\\S]*';
    if (part === '?') return '[\\s\\S]';
    const char = part.length > 1 && part.startsWith('\\') ? part.slice(1) : part;
    return char.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'u');
}

/** One page of a listing. */
export type Page<T> = { items: T[]; nextToken: string | undefined };

/**
 * The page that MaxResults (or `parameter`) and NextToken ask for; without a size, `size` items. A token is a position in `all`, which may only grow at its end.
 * Throws InvalidNextToken, InvalidParameterValue (MaxResults out of bounds), InvalidParameterCombination (with ids).
 */
export function readPage<T>(
  call: Call,
  all: readonly T[],
  matches: (item: T) => boolean,
  {
    byId = false,
    parameter = 'MaxResults',
    min = 5,
    max = 1000,
    size,
  }: { byId?: boolean; parameter?: string; min?: number; max?: number; size?: number } = {},
): Page<T> {
  const requested = integer(call.params, parameter, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (requested !== undefined && byId) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter maxResults cannot be used with resource IDs in the same request',
    );
  }
  if (requested !== undefined && (requested < min || requested > max)) {
    throw invalidValue(parameter, requested, `Expecting a value between ${min} and ${max}.`);
  }
  const { pageSize } = call.world.settings;
  const wanted = requested ?? size;
  const limit = wanted !== undefined && pageSize > 0 ? Math.min(wanted, pageSize) : wanted;
  const items: T[] = [];
  for (let at = parsePageToken(stringAt(call.params, 'NextToken')); at < all.length; at += 1) {
    const item = all[at];
    if (item === undefined || !matches(item)) continue;
    if (items.length === limit) return { items, nextToken: Buffer.from(`at:${at}`).toString('base64url') };
    items.push(item);
  }
  return { items, nextToken: undefined };
}

function parsePageToken(token: string | undefined): number {
  if (token === undefined) return 0;
  const position = /^at:(\d+)$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  if (position === undefined) throw new AwsError('InvalidNextToken', 'The specified NextToken is not valid.');
  return Number(position);
}
