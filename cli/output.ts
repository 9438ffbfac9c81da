/**
 * Writes text to standard output and waits until the reader has taken all of it: a pipe holds 64 KiB, and
 * a process that exits before loses the rest.
 * @returns false when nobody reads any more
 */
export function writeOut(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    // A closed pipe comes as an event as well, which unheard would end the process with a stack trace.
    process.stdout.on('error', () => resolve(false));
    process.stdout.write(text, (error) => resolve(!error));
  });
}

/** The one JSON document of a call, on one line. */
export const documentText = (document: object): string => `${JSON.stringify(document)}\n`;
