import { mkdir, open, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { auditLine } from './auditLine.ts';
import type { EventHandler, PublishedEvent } from './handler.ts';

export interface AuditLogSettings {
  readonly path: string;
  /** A file larger than this gets the suffix `.1`, its predecessor `.2`, and so on. */
  readonly maxBytes: number;
  /** Files kept beside the one that is written. */
  readonly keep: number;
}

/** A crash repeats at most one batch of the dispatcher; the ends of the two newest files hold far more. */
const TAIL_BYTES = 1 << 18;

/**
 * Who did what to which machine and why, a JSON line each, for auditors and their tools. Append-only: a line is
 * never changed, a repeated event is not written again.
 */
export function createAuditLogHandler({ path, maxBytes, keep }: AuditLogSettings): EventHandler {
  /** Lines of the recent past by their keys; read again after a failure, when it is unclear what was written. */
  let recentKeys: Set<string> | undefined;
  return {
    name: 'audit',
    startFrom: 'earliest',
    async handle(published) {
      const known = (recentKeys ??= await readRecentKeys());
      const unwritten = published.filter((entry) => !known.has(keyOf(entry)));
      if (unwritten.length === 0) return;
      try {
        await rotateIfFull();
        const file = await open(path, 'a', 0o600);
        try {
          await file.appendFile(unwritten.map((entry) => `${JSON.stringify(auditLine(entry))}\n`).join(''));
          await file.datasync();
        } finally {
          await file.close();
        }
      } catch (error) {
        recentKeys = undefined;
        throw error;
      }
      recentKeys = new Set([...[...known].slice(-1_000), ...unwritten.map(keyOf)]);
    },
  };

  async function readRecentKeys(): Promise<Set<string>> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const tails = [await readTail(`${path}.1`), await truncatePartialLine()];
    return new Set(tails.flatMap((text) => text.split('\n').flatMap((line) => keyOfLine(line) ?? [])));
  }

  /** A line without its end was never acknowledged; its event comes again. */
  async function truncatePartialLine(): Promise<string> {
    const text = await readTail(path);
    const partial = text.slice(text.lastIndexOf('\n') + 1);
    if (partial !== '') await truncate(path, (await stat(path)).size - Buffer.byteLength(partial));
    return text.slice(0, text.length - partial.length);
  }

  async function rotateIfFull(): Promise<void> {
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (size < maxBytes) return;
    for (let number = keep - 1; number >= 1; number--) {
      await rename(`${path}.${number}`, `${path}.${number + 1}`).catch(ignoreMissing);
    }
    await rename(path, `${path}.1`);
  }
}

const ignoreMissing = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'ENOENT') throw error;
};

/** The end of a file from a line's beginning on; '' when there is none. */
async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(ignoreMissing);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const text = buffer.toString('utf8', 0, bytesRead);
    return from === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } finally {
    await file.close();
  }
}

const keyOf = ({ runId, event }: PublishedEvent): string => `${runId} ${event.id}`;

function keyOfLine(line: string): string | undefined {
  try {
    const { run, id } = JSON.parse(line) as { run?: unknown; id?: unknown };
    return `${String(run)} ${String(id)}`;
  } catch {
    return undefined;
  }
}
