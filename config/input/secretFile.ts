import { readFileSync, statSync } from 'node:fs';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { isOpenToOthers } from '../../domain/filePermissions.ts';
import { fileErrorReason } from './jsonFile.ts';

/**
 * Reads a file that holds a secret.
 * @param role what the file is, e.g. "webhook secret file"
 * @throws ConfigurationError when it cannot be read, is empty, or other users may read or write it
 */
export function readSecretFile(role: string, path: string): Buffer {
  let content: Buffer;
  let mode: number;
  try {
    mode = statSync(path).mode;
    content = readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`The ${role} ${path} cannot be read: ${fileErrorReason(error)}.`, {
      cause: error,
    });
  }
  if (isOpenToOthers(mode))
    throw new ConfigurationError(
      `Other users can access the ${role} ${path} (mode ${(mode & 0o777).toString(8)}). Run 'chmod o= ${path}'.`,
    );
  if (content.toString('latin1').trim() === '') throw new ConfigurationError(`The ${role} ${path} is empty.`);
  return content;
}

/** The first line of a secret file, without the space around it. @throws ConfigurationError, also when the line is empty */
export function readSecretLine(role: string, path: string): string {
  const [line = ''] = readSecretFile(role, path).toString('utf8').split('\n');
  if (line.trim() === '') throw new ConfigurationError(`The first line of the ${role} ${path} is empty.`);
  return line.trim();
}
