import { Problem } from '../lib/problem.mjs';

/**
 * Splits the arguments of `npm test -- ...` into our own options, test files, and options of mocha.
 * @throws Problem for an option without its value, or for options that exclude each other
 */
export function readTestArguments(args) {
  const read = { quick: false, changed: undefined, temporal: undefined, files: [], mochaOptions: [] };
  for (let index = 0; index < args.length; index++) {
    const [name, value] = args[index].split(/=(.*)/s);
    if (name === '--quick') read.quick = true;
    else if (name === '--changed') read.changed = value ?? 'HEAD';
    else if (name === '--temporal') read.temporal = value ?? args[++index];
    else if (args[index].endsWith('.test.ts') && !args[index - 1]?.startsWith('-'))
      read.files.push(args[index]);
    else read.mochaOptions.push(args[index]);
  }
  if (args.some((arg) => arg.split('=')[0] === '--temporal') && !read.temporal)
    throw new Problem('--temporal needs a version of the Temporal CLI, for example --temporal 1.5.1.');
  if (read.quick && read.changed) throw new Problem('Use --quick or --changed, not both.');
  if ((read.quick || read.changed) && read.files.length > 0)
    throw new Problem('--quick and --changed select the test files: leave out the file names.');
  return read;
}
