import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../domain/errors/errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * Reads a JSON file whose top level is an object; a byte order mark is accepted.
 * @param what the file's role in messages, e.g. `templates file`
 * @throws ConfigurationError when it cannot be read, is half-written, not JSON or not an object
 */
export async function readJsonObject(path: string, what: string): Promise<JsonObject> {
  const content = readBytes(path, what);
  const value = parseJson(content, `${what} ${path}`);
  if (!isObject(value)) {
    throw new ConfigurationError(`The ${what} ${path} holds ${kindOf(value)}; a JSON object is expected.`);
  }
  return value;
}

/** As readJsonObject, but undefined when there is no such file. */
export async function readJsonObjectIfAny(path: string, what: string): Promise<JsonObject | undefined> {
  try {
    return await readJsonObject(path, what);
  } catch (error) {
    if (error instanceof Error && isMissing(error.cause)) return undefined;
    throw error;
  }
}

/** At once: the command line waits for it anyway, and Node's threads for files take longer than a small file. */
function readBytes(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`The ${what} ${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

/** @throws ConfigurationError that names `what` and tells empty, cut off and damaged content apart */
function parseJson(content: Buffer, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(content));
  } catch (error) {
    const reason = content.length === 0 ? 'it is empty' : messageOf(error);
    throw new ConfigurationError(`The ${what} is not valid JSON: ${reason}.`, { cause: error });
  }
  if (hasLevels(value, MOST_LEVELS))
    throw new ConfigurationError(`The ${what} has more than ${MOST_LEVELS} levels.`);
  return value;
}

/** JSON.parse reads any depth; what walks through it afterwards, JSON.stringify too, ends with the stack. */
const MOST_LEVELS = 100;

function hasLevels(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= most && level.length > 0; depth++)
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  return level.length > 0;
}

/** @throws TypeError when the bytes are not UTF-8; a byte order mark is dropped */
export const decodeUtf8 = (content: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(content);

export const isMissing = (error: unknown): boolean =>
  codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** Why a file could not be used, in words, without the stack or the path. */
export const reasonOf = (error: unknown): string =>
  REASONS[codeOf(error)] ?? (codeOf(error) || messageOf(error));

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const codeOf = (error: unknown): string =>
  isObject(error) && typeof error['code'] === 'string' ? error['code'] : '';
