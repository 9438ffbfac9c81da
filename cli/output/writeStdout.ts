import { writeSync } from 'node:fs';

const STDOUT = 1;

/**
 * Writes text to standard output and waits until the reader has taken all of it: a pipe holds 64 KiB, and
 * a process that exits before loses the rest.
 * @returns false when nobody reads any more
 */
export async function writeStdout(text: string): Promise<boolean> {
  const bytes = Buffer.from(text);
  let offset = 0;
  try {
    // Node's stream for standard output alone takes longer to set up than all else here.
    while (offset < bytes.length) offset += writeSync(STDOUT, bytes, offset);
    return true;
  } catch (error) {
    // Whoever shares the pipe may have set it not to wait; the stream waits by itself.
    const wouldBlock = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
    return wouldBlock && (await writeToStream(bytes.subarray(offset)));
  }
}

function writeToStream(bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    // A closed pipe comes as an event as well, which unheard would end the process with a stack trace.
    process.stdout.on('error', () => resolve(false));
    process.stdout.write(bytes, (error) => resolve(!error));
  });
}

/** The one JSON document of a call, on one line. */
export const jsonLine = (document: object): string => `${JSON.stringify(document)}\n`;
