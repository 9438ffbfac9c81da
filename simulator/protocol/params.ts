import { AwsError, invalidValue, missingParameter } from './errors.ts';

/** The parameters of a call as they came, e.g. `Filter.1.Value.2`. */
export type FlatParams = Record<string, string>;

/** The same parameters as a tree; a list is an object keyed '1', '2', ... */
export type ParamTree = { [name: string]: string | ParamTree };

/** Reads `application/x-www-form-urlencoded`. The last of two equal names wins. */
export function parseForm(body: string): FlatParams {
  // No prototype: names come from outside.
  const flat: FlatParams = Object.create(null) as FlatParams;
  for (const [name, value] of new URLSearchParams(body)) flat[name] = value;
  return flat;
}

/** Folds dotted names into a tree. A name that is both a value and a parent is a malformed query. */
export function toTree(flat: FlatParams): ParamTree {
  const root = Object.create(null) as ParamTree;
  for (const [name, value] of Object.entries(flat)) {
    const path = name.split('.');
    const last = path.pop() ?? '';
    let node = root;
    for (const step of path) {
      const next = (node[step] ??= Object.create(null) as ParamTree);
      if (typeof next === 'string') throw malformed(name);
      node = next;
    }
    if (typeof node[last] === 'object') throw malformed(name);
    node[last] = value;
  }
  return root;
}

function malformed(name: string): AwsError {
  return new AwsError('MalformedQueryString', `The query string is malformed at ${name}`);
}

/** The value at a path, undefined where it is absent. */
export function stringAt(tree: ParamTree | undefined, ...path: string[]): string | undefined {
  let node: string | ParamTree | undefined = tree;
  for (const step of path) {
    if (node === undefined || typeof node === 'string') return undefined;
    node = node[step];
  }
  return typeof node === 'string' ? node : undefined;
}

/** The subtree at a path, undefined where it is absent. */
export function subtree(tree: ParamTree | undefined, ...path: string[]): ParamTree | undefined {
  let node: string | ParamTree | undefined = tree;
  for (const step of path) {
    if (node === undefined || typeof node === 'string') return undefined;
    node = node[step];
  }
  return typeof node === 'object' ? node : undefined;
}

/** The value of a parameter that must be there. */
export function required(tree: ParamTree, name: string): string {
  const value = stringAt(tree, name);
  if (value === undefined || value === '') throw missingParameter(name);
  return value;
}

/** A whole number within bounds, undefined where it is absent. */
export function integer(
  tree: ParamTree | undefined,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = stringAt(tree, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || number < min || number > max) {
    throw invalidValue(name, value, `Expecting a whole number between ${min} and ${max}.`);
  }
  return number;
}

/** `true` or `false`, undefined where it is absent. */
export function flag(tree: ParamTree | undefined, name: string): boolean | undefined {
  const value = stringAt(tree, name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw invalidValue(name, value);
  return value === 'true';
}

function listItems(tree: ParamTree | undefined, name: string): (string | ParamTree)[] {
  const node = tree?.[name];
  if (node === undefined) return [];
  if (typeof node === 'string') return [node];
  return Object.entries(node)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item);
}

/** The values of a list `Name.1`, `Name.2`, ... */
export function stringList(tree: ParamTree | undefined, name: string): string[] {
  return listItems(tree, name).filter((item) => typeof item === 'string');
}

/** The members of a list of structures. */
export function subtrees(tree: ParamTree | undefined, name: string): ParamTree[] {
  return listItems(tree, name).filter((item) => typeof item === 'object');
}
