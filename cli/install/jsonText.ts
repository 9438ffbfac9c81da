/**
 * JSON as text: the offsets of its values, and edits that keep every other byte. The files belong to the site: people and
 * Host Factory's console write them, and a diff must show only our change.
 */
export type JsonNode =
  | { readonly kind: 'object'; readonly start: number; readonly end: number; readonly members: Members }
  | {
      readonly kind: 'array';
      readonly start: number;
      readonly end: number;
      readonly items: readonly JsonNode[];
    }
  | { readonly kind: 'scalar'; readonly start: number; readonly end: number; readonly value: unknown };

type Members = ReadonlyMap<string, JsonNode>;
export type JsonArrayNode = Extract<JsonNode, { kind: 'array' }>;
export type JsonObjectNode = Extract<JsonNode, { kind: 'object' }>;

/** `message` names line and column, both from 1. */
export class JsonTextError extends Error {}

const SPACE = /[ \t\r\n]*/y;
const SCALAR =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/uy;

/** @throws JsonTextError */
export function parseJsonText(text: string): JsonNode {
  // Some editors write a byte order mark.
  let position = text.startsWith('\uFEFF') ? 1 : 0;

  function value(): JsonNode {
    skipSpace();
    const start = position;
    if (consume('{')) return { kind: 'object', start, members: members(), end: position };
    if (consume('[')) return { kind: 'array', start, items: items(), end: position };
    return scalar('a value');
  }

  function members(): Members {
    const found = new Map<string, JsonNode>();
    skipSpace();
    if (consume('}')) return found;
    do {
      skipSpace();
      if (text[position] !== '"') failExpected('a key in double quotes');
      const key = String(scalar('a key').value);
      if (found.has(key)) fail(`the key "${key}" occurs twice in this object`);
      skipSpace();
      if (!consume(':')) failExpected('":"');
      found.set(key, value());
      skipSpace();
    } while (consume(','));
    if (!consume('}')) failExpected('"," or "}"');
    return found;
  }

  function items(): readonly JsonNode[] {
    const found: JsonNode[] = [];
    skipSpace();
    if (consume(']')) return found;
    do {
      found.push(value());
      skipSpace();
    } while (consume(','));
    if (!consume(']')) failExpected('"," or "]"');
    return found;
  }

  function scalar(expected: string): Extract<JsonNode, { kind: 'scalar' }> {
    const start = position;
    SCALAR.lastIndex = position;
    const token = SCALAR.exec(text)?.[0] ?? failExpected(expected);
    position += token.length;
    return { kind: 'scalar', start, value: JSON.parse(token) as unknown, end: position };
  }

  function skipSpace(): void {
    SPACE.lastIndex = position;
    position += SPACE.exec(text)?.[0].length ?? 0;
  }

  function consume(mark: string): boolean {
    if (text[position] !== mark) return false;
    position += 1;
    return true;
  }

  function failExpected(expected: string): never {
    const found = position < text.length ? JSON.stringify(text[position]) : 'the end of the file';
    fail(`${expected} is expected, ${found} found`);
  }

  function fail(problem: string): never {
    const lines = text.slice(0, position).split('\n');
    const column = (lines.at(-1)?.length ?? 0) + 1;
    throw new JsonTextError(`line ${lines.length}, column ${column}: ${problem}`);
  }

  const root = value();
  skipSpace();
  if (position < text.length) failExpected('the end of the file');
  return root;
}

/** The value without its offsets. */
export function toValue(node: JsonNode): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'array') return node.items.map(toValue);
  return Object.fromEntries([...node.members].map(([key, value]) => [key, toValue(value)]));
}

/** Appends an item to an array in the layout of the others: one item per line, or all on one line. */
export function appendItem(text: string, array: JsonArrayNode, item: unknown): string {
  const last = array.items.at(-1);
  if (!last) {
    const first = array.start + 1;
    if (typeof item !== 'object') return splice(text, first, first, JSON.stringify(item));
    return splice(text, array.start, array.end, formatValue(text, array.start, [item]));
  }
  const lineStart = text.lastIndexOf('\n', last.start) + 1;
  const lead = text.slice(lineStart, last.start);
  if (lineStart <= array.start || lead.trim() !== '') {
    return splice(text, last.end, last.end, `, ${JSON.stringify(item)}`);
  }
  return splice(text, last.end, last.end, `,${newline(text)}${lead}${formatValue(text, last.start, item)}`);
}

/** Removes an item and its comma. */
export function removeItem(text: string, array: JsonArrayNode, index: number): string {
  const { items } = array;
  const item = items[index];
  if (!item) return text;
  const before = items[index - 1];
  const after = items[index + 1];
  if (before) return splice(text, before.end, item.end, '');
  if (after) return splice(text, item.start, after.start, '');
  const rest = text.slice(item.end, array.end - 1);
  return splice(text, array.start, array.end, rest.includes('\n') ? '[]' : `[${rest}]`);
}

/** Appends a member to an object. */
export function appendMember(text: string, map: JsonObjectNode, key: string, value: unknown): string {
  const last = [...map.members.values()].at(-1);
  const eol = newline(text);
  const outer = indentAt(text, map.start);
  const member = `${outer}${indentUnit(text)}${JSON.stringify(key)}: ${JSON.stringify(value)}`;
  return last
    ? splice(text, last.end, last.end, `,${eol}${member}`)
    : splice(text, map.start, map.end, `{${eol}${member}${eol}${outer}}`);
}

/** The text of a new file. */
export const formatJsonFile = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const splice = (text: string, start: number, end: number, replacement: string): string =>
  text.slice(0, start) + replacement + text.slice(end);

/** Formats a value; its lines after the first have the indent of the line at `at`. */
function formatValue(text: string, at: number, value: unknown): string {
  const indent = indentAt(text, at);
  return JSON.stringify(value, null, indentUnit(text)).replaceAll('\n', `${newline(text)}${indent}`);
}

const newline = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');
const indentUnit = (text: string): string => /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
const indentAt = (text: string, at: number): string =>
  /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', at - 1) + 1, at))?.[0] ?? '';
