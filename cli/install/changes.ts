import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isFileNotFound, fileErrorReason } from '../../config/input/jsonFile.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';

/** One step of an installation or its reverse; `before` is what the plan was made from. */
export type Change =
  | { readonly kind: 'makeFolder'; readonly path: string }
  | ({ readonly kind: 'write'; readonly path: string; readonly before: string | undefined } & Content)
  | { readonly kind: 'delete'; readonly path: string; readonly before: string }
  /** Only if nothing is in it by then. */
  | { readonly kind: 'removeFolder'; readonly path: string };

interface Content {
  readonly after: string;
  readonly executable?: boolean;
}

/** Readable by all, writable by the owner: Host Factory's administrator, who needs no root for any of it. */
export const MODE = { folder: 0o755, file: 0o644, script: 0o755 } as const;

/** A file's text, or undefined when there is none. @throws ConfigurationError */
export function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isFileNotFound(error)) return undefined;
    throw new ConfigurationError(`${path} cannot be read: ${fileErrorReason(error)}.`, { cause: error });
  }
}

/**
 * Carries out changes in their order, each file in one step; before the first it is made sure that all may
 * be written.
 * @param owner whose folder decides who owns what root makes
 * @param wantsBackup which files are kept beside themselves before they change
 * @returns the paths of the backups
 * @throws ConfigurationError
 */
export function applyChanges(
  changes: readonly Change[],
  owner: string,
  wantsBackup: (path: string) => boolean,
): string[] {
  for (const { path } of changes) assertWritable(path);
  const backups: string[] = [];
  for (const change of changes) {
    try {
      if (change.kind === 'write' && change.before !== undefined && wantsBackup(change.path)) {
        backups.push(backUp(change.path));
      }
      applyChange(change, owner);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw new ConfigurationError(
        `${change.path} could not be changed: ${fileErrorReason(error)}. Run the same command again once that is mended.`,
        { cause: error },
      );
    }
  }
  return backups;
}

function applyChange(change: Change, owner: string): void {
  switch (change.kind) {
    case 'makeFolder':
      mkdirSync(change.path);
      chmodSync(change.path, MODE.folder);
      return chownLike(change.path, owner);
    case 'write':
      assertUnchanged(change.path, change.before);
      return writeAtomically(change.path, change, owner);
    case 'delete':
      assertUnchanged(change.path, change.before);
      return rmSync(change.path);
    case 'removeFolder':
      if (existsSync(change.path) && readdirSync(change.path).length === 0) rmdirSync(change.path);
  }
}

/** A reader sees the old file or the new one, also after a crash. */
function writeAtomically(path: string, { after, executable }: Content, owner: string): void {
  // Behind a link is the file that counts.
  const target = existsSync(path) ? realpathSync(path) : path;
  const temporary = `${target}.${process.pid}.${randomUUID()}.tmp`;
  const old = existsSync(target) ? statSync(target) : undefined;
  const file = openSync(temporary, 'wx', MODE.file);
  try {
    writeFileSync(file, after);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(temporary, old ? old.mode & 0o7777 : executable ? MODE.script : MODE.file);
  chownLike(temporary, old ? target : owner);
  renameSync(temporary, target);
}

/** What root makes must belong to the user that Host Factory runs as. */
function chownLike(path: string, reference: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(reference);
  chownSync(path, uid, gid);
}

/** Beside the file; its name sorts by time. */
function backUp(path: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let backup = `${path}.${stamp}.bak`;
  for (let counter = 2; existsSync(backup); counter++) backup = `${path}.${stamp}-${counter}.bak`;
  copyFileSync(path, backup, constants.COPYFILE_EXCL);
  return backup;
}

function assertUnchanged(path: string, before: string | undefined): void {
  if (readIfExists(path) === before) return;
  throw new ConfigurationError(`${path} was changed by somebody else just now. Run the same command again.`);
}

function assertWritable(path: string): void {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new ConfigurationError(
      `${folder} may not be written (${fileErrorReason(error)}), so nothing was changed. ` +
        "Run this as the owner of Host Factory's folders, e.g. egoadmin; root is not needed.",
      { cause: error },
    );
  }
}
