import { ConfigurationError } from '../../domain/errors/errors.ts';
import {
  appendItem,
  appendMember,
  jsonFileText,
  JsonTextError,
  parseJsonText,
  removeItem,
  type JsonArray,
  type JsonMap,
  type JsonNode,
} from './jsonText.ts';

/** One registration file of Host Factory: an object with `version` and a list of named entries. */
export interface ListFile {
  readonly path: string;
  readonly key: string;
  /** undefined: no such file */
  readonly text: string | undefined;
  readonly entries: readonly JsonMap[];
}

/** @throws ConfigurationError that says where the file is damaged */
export function readList(content: string | undefined, path: string, key: string): ListFile {
  if (content === undefined) return { path, key, text: undefined, entries: [] };
  const list = listIn(content, path, key);
  const entries = (list?.items ?? []).map((item) => {
    if (item.kind === 'object' && nameOf(item) !== undefined) return item;
    throw new ConfigurationError(`${path}: an entry of "${key}" is no object with a "name".`);
  });
  return { path, key, text: content, entries };
}

function listIn(content: string, path: string, key: string): JsonArray | undefined {
  const list = rootOf(content, path).members.get(key);
  if (list === undefined || list.kind === 'array') return list;
  throw new ConfigurationError(`${path}: "${key}" is no list.`);
}

function rootOf(content: string, path: string): JsonMap {
  let root: JsonNode;
  try {
    root = parseJsonText(content);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    throw new ConfigurationError(`${path} is not valid JSON: ${error.message}. Nothing was changed.`, {
      cause: error,
    });
  }
  if (root.kind === 'object') return root;
  throw new ConfigurationError(`${path} holds no JSON object. Nothing was changed.`);
}

export function withItem({ path, key, text: content }: ListFile, item: object): string {
  if (content === undefined) return jsonFileText({ version: 2, [key]: [item] });
  const list = listIn(content, path, key);
  if (list) return appendItem(content, list, item);
  const prepared = appendMember(content, rootOf(content, path), key, []);
  const made = listIn(prepared, path, key);
  return made ? appendItem(prepared, made, item) : prepared;
}

export function withoutEntry(
  { path, key, text: content, entries }: ListFile,
  name: string,
): string | undefined {
  const index = entries.findIndex((entry) => nameOf(entry) === name);
  const list = content === undefined ? undefined : listIn(content, path, key);
  return content !== undefined && list && index >= 0 ? removeItem(content, list, index) : content;
}

export const nameOf = (entry: JsonMap): string | undefined => textOf(entry, 'name');

export function textOf(entry: JsonMap, key: string): string | undefined {
  const value = entry.members.get(key);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
