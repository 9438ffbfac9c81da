/** Something the user can mend. Its text says what is wrong, where, and what to do next; no stack is shown for it. */
export class Problem extends Error {
  name = 'Problem';
}

/** Prints an error as the user should see it: a problem by its text, a mistake of ours with its stack. */
export function printError(error) {
  const text = error instanceof Problem ? error.message : (error?.stack ?? String(error));
  process.stderr.write(`\n${text}\n`);
}
