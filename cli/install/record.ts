import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isObject } from '../../domain/isObject.ts';
import type { Layout } from './layout.ts';

/** What an installation made, so that its reverse takes out that and nothing else. */
export interface InstallRecord {
  readonly v: 1;
  /** Folders, outer ones first. */
  readonly folders: readonly string[];
  readonly files: Readonly<Record<string, RecordedFile>>;
}

export interface RecordedFile {
  /** Its text before; null: there was none. */
  readonly before: string | null;
  /** Of its text as the installation left it. */
  readonly sha256: string;
}

export const EMPTY_RECORD: InstallRecord = { v: 1, folders: [], files: {} };

export const recordPath = ({ providerConf }: Layout): string => join(providerConf, 'ohf-install.json');

/** A record that can't be read is none: then nothing but the registration is taken out. */
export function readRecord(text: string | undefined): InstallRecord {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    if (isObject(value) && value['v'] === 1 && Array.isArray(value['folders']) && isObject(value['files'])) {
      return value as unknown as InstallRecord;
    }
  } catch {
    // As if there were none.
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
    // What the site changed since then is no longer the way back.
    if (!isFirst && known.sha256 !== sha256(before ?? '')) delete files[path];
    else files[path] = { before: isFirst ? (before ?? null) : known.before, sha256: sha256(after) };
  }
  return { v: 1, folders: [...new Set([...previous.folders, ...folders])], files };
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
