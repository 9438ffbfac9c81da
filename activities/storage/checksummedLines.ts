import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const CHUNK = 1 << 20;
const NEWLINE = 10;
const CHECKSUM = 8;

/** `<CRC-32, 8 hex digits> <JSON>` and a newline. */
export function lineOf(value: unknown): string {
  const text = JSON.stringify(value);
  return `${checksum(text)} ${text}\n`;
}

const checksum = (data: string | Buffer): string => crc32(data).toString(16).padStart(CHECKSUM, '0');

/**
 * Reads whole lines from `start` on; unreadable ones are counted and skipped.
 * @returns where the last whole line ends
 */
export async function readLines(
  file: FileHandle,
  start: number,
  take: (value: unknown) => void,
): Promise<{ readonly end: number; readonly bad: number }> {
  const chunk = Buffer.alloc(CHUNK);
  let rest = Buffer.alloc(0);
  let at = start;
  let bad = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK, at);
    if (bytesRead === 0) return { end: at - rest.length, bad };
    at += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let to = rest.indexOf(NEWLINE); to >= 0; to = rest.indexOf(NEWLINE, from)) {
      const json = rest.subarray(from + CHECKSUM + 1, to);
      if (rest.toString('latin1', from, from + CHECKSUM) === checksum(json))
        take(JSON.parse(json.toString()));
      else bad += 1;
      from = to + 1;
    }
    rest = rest.subarray(from);
  }
}
