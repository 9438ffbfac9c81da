/** An error that the user can fix. Its message says what is wrong, where, and what to do next; no stack is shown. */
export class Problem extends Error {
  name = 'Problem';
}

/** Prints a Problem by its message, and any other error, which is a bug of ours, with its stack. */
export function printError(error) {
  const text = error instanceof Problem ? error.message : (error?.stack ?? String(error));
  process.stderr.write(`\n${text}\n`);
}
