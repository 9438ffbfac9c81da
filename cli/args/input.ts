import { readFileSync } from 'node:fs';
import { decodeUtf8, describeType, fileErrorReason, type JsonObject } from '../../config/input/jsonFile.ts';
import { isObject } from '../../domain/isObject.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { InputSource } from './argv.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/**
 * Reads Host Factory's input document, once: Host Factory deletes the file after the call.
 * @throws ValidationError if it cannot be read or is not a JSON object
 */
export function readInputDocument(source: Exclude<InputSource, { kind: 'args' }>): JsonObject {
  const label = source.kind === 'file' ? `input file ${source.path}` : 'input of -d';
  const value = parseJson(source.kind === 'file' ? readText(source.path) : source.json, label);
  if (!isObject(value))
    throw new ValidationError(`The ${label} contains ${describeType(value)}; a JSON object is expected.`);
  return value;
}

function readText(path: string): string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new ValidationError(`The input file ${path} cannot be read: ${fileErrorReason(error)}.`, {
      cause: error,
    });
  }
  try {
    return decodeUtf8(content);
  } catch (error) {
    throw new ValidationError(`The input file ${path} is not text in UTF-8.`, { cause: error });
  }
}

function parseJson(text: string, label: string): unknown {
  if (text.trim() === '') throw new ValidationError(`The ${label} is empty.`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    // The message of V8 quotes the text with its line breaks.
    const reason = messageOf(error).replaceAll(/\s+/g, ' ');
    throw new ValidationError(`The ${label} is not valid JSON: ${reason}.`, { cause: error });
  }
}
