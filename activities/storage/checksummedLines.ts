import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;
const CHECKSUM_LENGTH = 8;

/** `<CRC-32, 8 hex digits> <JSON>` and a newline. */
export function formatLine(value: unknown): string {
  const text = JSON.stringify(value);
  return `${checksum(text)} ${text}\n`;
}

const checksum = (data: string | Buffer): string => crc32(data).toString(16).padStart(CHECKSUM_LENGTH, '0');

/**
 * Reads complete lines from `start`; unreadable ones are counted and skipped.
 * @returns the position after the last complete line, and the number of unreadable lines
 */
export async function readLines(
  file: FileHandle,
  start: number,
  onValue: (value: unknown) => void,
): Promise<{ readonly end: number; readonly unreadable: number }> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = Buffer.alloc(0);
  let at = start;
  let unreadable = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return { end: at - rest.length, unreadable };
    at += bytesRead;
    rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (let to = rest.indexOf(NEWLINE); to >= 0; to = rest.indexOf(NEWLINE, from)) {
      const json = rest.subarray(from + CHECKSUM_LENGTH + 1, to);
      if (rest.toString('latin1', from, from + CHECKSUM_LENGTH) === checksum(json))
        onValue(JSON.parse(json.toString()));
      else unreadable += 1;
      from = to + 1;
    }
    rest = rest.subarray(from);
  }
}
