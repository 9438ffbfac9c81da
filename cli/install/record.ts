import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isObject } from '../../domain/isObject.ts';
import type { Layout } from './layout.ts';

/** What an installation created, so that `ohf uninstall` removes that and nothing else. */
export interface InstallRecord {
  readonly v: 1;
  /** Folders, outer ones first. */
  readonly folders: readonly string[];
  readonly files: Readonly<Record<string, RecordedFile>>;
}

export interface RecordedFile {
  /** Its text before the installation; null: the file did not exist. */
  readonly before: string | null;
  /** The hash of the text that the installation wrote. */
  readonly sha256: string;
}

export const EMPTY_RECORD: InstallRecord = { v: 1, folders: [], files: {} };

export const recordPath = ({ providerConf }: Layout): string => join(providerConf, 'ohf-install.json');

/** A damaged record counts as an empty one; `ohf uninstall` then removes only the registration and the scripts. */
export function readRecord(text: string | undefined): InstallRecord {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (isObject(value) && value['v'] === 1 && Array.isArray(value['folders']) && isObject(value['files'])) {
      return value as unknown as InstallRecord;
    }
  } catch {
    // Damaged.
  }
  return EMPTY_RECORD;
}

/** Adds to what an earlier installation recorded. */
export function extendRecord(
  previous: InstallRecord,
  folders: readonly string[],
  writes: readonly { readonly path: string; readonly before: string | undefined; readonly after: string }[],
): InstallRecord {
  const files = { ...previous.files };
  for (const { path, before, after } of writes) {
    const known = files[path];
    const isFirst = known === undefined;
    // The site changed the file since then, so its original text must not be restored.
    if (!isFirst && known.sha256 !== sha256(before ?? '')) delete files[path];
    else files[path] = { before: isFirst ? (before ?? null) : known.before, sha256: sha256(after) };
  }
  return { v: 1, folders: [...new Set([...previous.folders, ...folders])], files };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
