import { readFileSync } from 'node:fs';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { isObject } from '../../domain/isObject.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

/**
 * Reads a JSON file whose top level is an object; a byte order mark is accepted.
 * @param role the file's name in messages, e.g. `templates file`
 * @throws ConfigurationError when the file cannot be read, is truncated, not JSON or not an object
 */
export async function readJsonObject(path: string, role: string): Promise<JsonObject> {
  const content = readBytes(path, role);
  const value = parseJson(content, `${role} ${path}`);
  if (!isObject(value)) {
    throw new ConfigurationError(
      `The ${role} ${path} contains ${describeType(value)}; a JSON object is expected.`,
    );
  }
  return value;
}

/** Like readJsonObject, but returns undefined if the file does not exist. */
export async function readJsonObjectIfExists(path: string, role: string): Promise<JsonObject | undefined> {
  try {
    return await readJsonObject(path, role);
  } catch (error) {
    if (error instanceof Error && isFileNotFound(error.cause)) return undefined;
    throw error;
  }
}

/** Synchronous: the command line waits for it anyway, and Node's thread pool makes a small file slower. */
function readBytes(path: string, role: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`The ${role} ${path} cannot be read: ${fileErrorReason(error)}.`, {
      cause: error,
    });
  }
}

/** @throws ConfigurationError that names `label` and whether the content is empty, truncated or damaged */
function parseJson(content: Buffer, label: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(decodeUtf8(content));
  } catch (error) {
    const reason = content.length === 0 ? 'it is empty' : messageOf(error);
    throw new ConfigurationError(`The ${label} is not valid JSON: ${reason}.`, { cause: error });
  }
  if (isDeeperThan(value, MAX_JSON_DEPTH))
    throw new ConfigurationError(`The ${label} has more than ${MAX_JSON_DEPTH} levels.`);
  return value;
}

/** JSON.parse accepts any depth, but recursive code, such as JSON.stringify, overflows the stack. */
const MAX_JSON_DEPTH = 100;

function isDeeperThan(value: unknown, maxDepth: number): boolean {
  let level = [value];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++)
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  return level.length > 0;
}

/** Drops a byte order mark. @throws TypeError when the bytes are not UTF-8 */
export const decodeUtf8 = (content: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(content);

export const isFileNotFound = (error: unknown): boolean =>
  errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR';

const FILE_ERROR_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** Why a file operation failed, in words, without the stack or the path. */
export const fileErrorReason = (error: unknown): string =>
  FILE_ERROR_REASONS[errorCode(error)] ?? (errorCode(error) || messageOf(error));

export function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

const errorCode = (error: unknown): string =>
  isObject(error) && typeof error['code'] === 'string' ? error['code'] : '';
