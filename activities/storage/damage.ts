import { StorageError } from '../../domain/errors/errors.ts';
import { messageOf } from '../../domain/errors/messageOf.ts';

/** A report of a corrupt file that was set aside. */
export interface Damage {
  readonly path: string;
  /** Where the damaged file is now. */
  readonly movedTo: string;
  /** A description of what was lost. */
  readonly lost: string;
}

/** Where a damaged file is moved to. */
export const damagedPath = (path: string): string =>
  `${path}.damaged-${new Date().toISOString().replaceAll(':', '')}`;

/** Adds the path to an error's message, unless it is a StorageError already. */
export function toStorageError(path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  return new StorageError(`${path}: ${messageOf(error)}`, { cause: error });
}
