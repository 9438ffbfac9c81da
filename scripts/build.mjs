import { readOptions } from './lib/options.mjs';
import { printError } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, say } from './setup.mjs';

const USAGE = `npm run build: compiles to dist/ and bundles the workflows, if a source changed since the last build.`;

try {
  const { force } = readOptions(USAGE, { force: 'build even if nothing changed' });
  await ensureDependencies(say);
  await ensureBuild(say, { force });
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
