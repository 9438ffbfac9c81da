import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { documents, staleDocuments } from './lib/docs/documents.mjs';
import { readOptions } from './lib/options.mjs';
import { root } from './lib/paths.mjs';
import { printError, Problem } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, say } from './setup.mjs';

const USAGE = `npm run docs: writes the parts of the documentation that are generated from code: tables in docs/, and config/config.schema.json.
npm run docs:check lists the files that are stale, and changes nothing.`;

try {
  const { check } = readOptions(USAGE, { check: 'only list what is stale' });
  await ensureDependencies(say);
  await ensureBuild(say);
  if (check) {
    const stale = await staleDocuments();
    if (stale.length > 0) throw new Problem(`Stale: ${stale.join(', ')}. Run \`npm run docs\`.`);
    say('The generated documentation is up to date.');
  } else {
    for (const { file, is, shouldBe } of await documents()) {
      if (is === shouldBe) continue;
      writeFileSync(path.join(root, file), shouldBe);
      say(`Written: ${file}`);
    }
  }
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
