import { writeSync } from 'node:fs';

const STDOUT = 1;

/**
 * Writes text to standard output and waits until all of it is in the pipe. A pipe holds 64 KiB; a process that exits
 * earlier loses the rest.
 * @returns false if the reader has closed the pipe
 */
export async function writeStdout(text: string): Promise<boolean> {
  const bytes = Buffer.from(text);
  let offset = 0;
  try {
    // Creating Node's stream for standard output takes longer than everything else here.
    while (offset < bytes.length) offset += writeSync(STDOUT, bytes, offset);
    return true;
  } catch (error) {
    // Another process that shares the pipe may have made it non-blocking; Node's stream waits for it.
    const wouldBlock = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
    return wouldBlock && (await writeToStream(bytes.subarray(offset)));
  }
}

function writeToStream(bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    // A closed pipe also emits an error event, which without a listener ends the process with a stack trace.
    process.stdout.on('error', () => resolve(false));
    process.stdout.write(bytes, (error) => resolve(!error));
  });
}

/** The one JSON document of a call, on one line. */
export const jsonLine = (document: object): string => `${JSON.stringify(document)}\n`;
