import { mkdir, open, rename, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { auditLine } from './auditLine.ts';
import type { EventHandler } from './handler.ts';
import { eventKey, formatEventKey } from './publicEvent.ts';

export interface AuditLogSettings {
  readonly path: string;
  /** A file larger than this gets the suffix `.1`, its predecessor `.2`, and so on. */
  readonly maxBytes: number;
  /** Number of rotated files kept. */
  readonly keep: number;
}

/** After a crash at most one batch of the dispatcher is redelivered; the tails of the two newest files cover far more. */
const TAIL_BYTES = 1 << 18;

/**
 * Writes the audit trail: who did what to which machine and why, one JSON line per event. Append-only; a redelivered
 * event is not written twice.
 */
export function createAuditLogHandler({ path, maxBytes, keep }: AuditLogSettings): EventHandler {
  /** Keys of recently written lines; re-read after a failure, when it is unknown what was written. */
  let recentKeys: Set<string> | undefined;
  return {
    name: 'audit',
    startFrom: 'earliest',
    async handle(published) {
      const known = (recentKeys ??= await readRecentKeys());
      const unwritten = published.filter((entry) => !known.has(eventKey(entry)));
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
      recentKeys = new Set([...[...known].slice(-1_000), ...unwritten.map(eventKey)]);
    },
  };

  async function readRecentKeys(): Promise<Set<string>> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const tails = [await readTail(`${path}.1`), await truncatePartialLine()];
    return new Set(tails.flatMap((text) => text.split('\n').flatMap((line) => keyOfLine(line) ?? [])));
  }

  /** A partial last line was never acknowledged to the dispatcher; its event is redelivered. */
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

/** The last whole lines of a file; '' if there is no file. */
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

function keyOfLine(line: string): string | undefined {
  try {
    const { run, id } = JSON.parse(line) as { run?: unknown; id?: unknown };
    return formatEventKey(String(run), String(id));
  } catch {
    return undefined;
  }
}
