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

/** One step of an installation or uninstallation; `before` is the file's text when the step was planned. */
export type Change =
  | { readonly kind: 'makeFolder'; readonly path: string }
  | ({ readonly kind: 'write'; readonly path: string; readonly before: string | undefined } & Content)
  | { readonly kind: 'delete'; readonly path: string; readonly before: string }
  /** Only if the folder is empty by then. */
  | { readonly kind: 'removeFolder'; readonly path: string };

interface Content {
  readonly after: string;
  readonly isExecutable?: boolean;
}

/** Readable by all, writable by the owner, which is Host Factory's administrator. No step needs root. */
export const MODE = { folder: 0o755, file: 0o644, script: 0o755 } as const;

/** Reads a file; undefined if it does not exist. @throws ConfigurationError */
export function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isFileNotFound(error)) return undefined;
    throw new ConfigurationError(`${path} cannot be read: ${fileErrorReason(error)}.`, { cause: error });
  }
}

/**
 * Applies changes in order, each file atomically. Before the first change, it checks that all paths are writable.
 * @param ownerReference a path whose owner becomes the owner of what root creates
 * @param wantsBackup selects the files that are copied to a backup before they change
 * @returns the paths of the backups
 * @throws ConfigurationError
 */
export function applyChanges(
  changes: readonly Change[],
  ownerReference: string,
  wantsBackup: (path: string) => boolean,
): string[] {
  for (const { path } of changes) assertWritable(path);
  const backups: string[] = [];
  for (const change of changes) {
    try {
      if (change.kind === 'write' && change.before !== undefined && wantsBackup(change.path)) {
        backups.push(backUp(change.path));
      }
      applyChange(change, ownerReference);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw new ConfigurationError(
        `${change.path} could not be changed: ${fileErrorReason(error)}. Fix this, then run the same command again.`,
        { cause: error },
      );
    }
  }
  return backups;
}

function applyChange(change: Change, ownerReference: string): void {
  switch (change.kind) {
    case 'makeFolder':
      mkdirSync(change.path);
      chmodSync(change.path, MODE.folder);
      return chownLike(change.path, ownerReference);
    case 'write':
      assertUnchanged(change.path, change.before);
      return writeAtomically(change.path, change, ownerReference);
    case 'delete':
      assertUnchanged(change.path, change.before);
      return rmSync(change.path);
    case 'removeFolder':
      if (existsSync(change.path) && readdirSync(change.path).length === 0) rmdirSync(change.path);
  }
}

/** A reader gets the old file or the new one, also after a crash. */
function writeAtomically(path: string, { after, isExecutable }: Content, ownerReference: string): void {
  // A symbolic link stays; the file that it points to is replaced.
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
  chmodSync(temporary, old ? old.mode & 0o7777 : isExecutable ? MODE.script : MODE.file);
  chownLike(temporary, old ? target : ownerReference);
  renameSync(temporary, target);
}

/** If root runs this, what it creates must belong to the user that Host Factory runs as. */
function chownLike(path: string, reference: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(reference);
  chownSync(path, uid, gid);
}

/** Copies the file to a backup beside it. The names of backups sort by time. */
function backUp(path: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let backup = `${path}.${stamp}.bak`;
  for (let counter = 2; existsSync(backup); counter++) backup = `${path}.${stamp}-${counter}.bak`;
  copyFileSync(path, backup, constants.COPYFILE_EXCL);
  return backup;
}

function assertUnchanged(path: string, before: string | undefined): void {
  if (readIfExists(path) === before) return;
  throw new ConfigurationError(
    `${path} was changed by another process meanwhile. Run the same command again.`,
  );
}

function assertWritable(path: string): void {
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new ConfigurationError(
      `${folder} is not writable (${fileErrorReason(error)}), so nothing was changed. ` +
        "Run this as the owner of Host Factory's folders, e.g. egoadmin; root is not needed.",
      { cause: error },
    );
  }
}
