/** Prints a line for the user. */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Shows the progress of long work with the text of `describe(seconds)`. A terminal gets one line that is updated, a log
 * gets a line every 15 seconds. Returns a function that ends it.
 */
export function progress(describe) {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  const { isTTY } = process.stdout;
  const timer = setInterval(
    () => process.stdout.write(isTTY ? `\r\x1b[K  ${describe(seconds())}` : `  ${describe(seconds())}\n`),
    isTTY ? 1000 : 15_000,
  );
  return () => {
    clearInterval(timer);
    if (isTTY) process.stdout.write('\r\x1b[K');
  };
}
