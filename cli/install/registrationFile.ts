import { ConfigurationError } from '../../domain/errors/errors.ts';
import {
  appendItem,
  appendMember,
  formatJsonFile,
  JsonTextError,
  parseJsonText,
  removeItem,
  type JsonArrayNode,
  type JsonObjectNode,
  type JsonNode,
} from './jsonText.ts';

/** One registration file of Host Factory: an object with `version` and a list of named entries. */
export interface RegistrationFile {
  readonly path: string;
  readonly key: string;
  /** undefined: no such file */
  readonly text: string | undefined;
  readonly entries: readonly JsonObjectNode[];
}

/** @throws ConfigurationError that names line and column of the damage */
export function parseRegistrationFile(
  content: string | undefined,
  path: string,
  key: string,
): RegistrationFile {
  if (content === undefined) return { path, key, text: undefined, entries: [] };
  const list = findList(content, path, key);
  const entries = (list?.items ?? []).map((item) => {
    if (item.kind === 'object' && entryName(item) !== undefined) return item;
    throw new ConfigurationError(`${path}: an entry of "${key}" is not an object with a "name".`);
  });
  return { path, key, text: content, entries };
}

function findList(content: string, path: string, key: string): JsonArrayNode | undefined {
  const list = parseRoot(content, path).members.get(key);
  if (list === undefined || list.kind === 'array') return list;
  throw new ConfigurationError(`${path}: "${key}" is not a list.`);
}

function parseRoot(content: string, path: string): JsonObjectNode {
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
  throw new ConfigurationError(`${path} does not contain a JSON object. Nothing was changed.`);
}

export function appendEntry({ path, key, text: content }: RegistrationFile, item: object): string {
  if (content === undefined) return formatJsonFile({ version: 2, [key]: [item] });
  const list = findList(content, path, key);
  if (list) return appendItem(content, list, item);
  const prepared = appendMember(content, parseRoot(content, path), key, []);
  const newList = findList(prepared, path, key);
  return newList ? appendItem(prepared, newList, item) : prepared;
}

export function removeEntry(
  { path, key, text: content, entries }: RegistrationFile,
  name: string,
): string | undefined {
  const index = entries.findIndex((entry) => entryName(entry) === name);
  const list = content === undefined ? undefined : findList(content, path, key);
  return content !== undefined && list && index >= 0 ? removeItem(content, list, index) : content;
}

export const entryName = (entry: JsonObjectNode): string | undefined => stringMember(entry, 'name');

export function stringMember(entry: JsonObjectNode, key: string): string | undefined {
  const value = entry.members.get(key);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
}
