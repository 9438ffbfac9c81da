import { readFileSync } from 'node:fs';
import {
  decodeUtf8,
  isObject,
  kindOf,
  messageOf,
  reasonOf,
  type JsonObject,
} from '../../config/input/jsonFile.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { InputSource } from './argv.ts';

/**
 * Host Factory's input document. Read at once: the file is Host Factory's and gone after the call.
 * @throws ValidationError when it cannot be read or is no JSON object
 */
export function readInput(source: Exclude<InputSource, { kind: 'words' }>): JsonObject {
  const what = source.kind === 'file' ? `input file ${source.path}` : 'input of -d';
  const value = parse(source.kind === 'file' ? readText(source.path) : source.json, what);
  if (!isObject(value))
    throw new ValidationError(`The ${what} holds ${kindOf(value)}; a JSON object is expected.`);
  return value;
}

function readText(path: string): string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new ValidationError(`The input file ${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    return decodeUtf8(content);
  } catch (error) {
    throw new ValidationError(`The input file ${path} is not text in UTF-8.`, { cause: error });
  }
}

function parse(text: string, what: string): unknown {
  if (text.trim() === '') throw new ValidationError(`The ${what} is empty.`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // V8 quotes the text itself, line breaks and all.
    const reason = messageOf(error).replaceAll(/\s+/g, ' ');
    throw new ValidationError(`The ${what} is not valid JSON: ${reason}.`, { cause: error });
  }
}
