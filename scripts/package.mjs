import { statSync } from 'node:fs';
import path from 'node:path';
import { packForHosts } from './lib/build/host-package.mjs';
import { readOptions } from './lib/options.mjs';
import { root, shown } from './lib/paths.mjs';
import { printError } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, say } from './setup.mjs';

const USAGE = `npm run package: packs scripts, command line and Node into one tarball in .ohf/, for Host Factory hosts without npm or internet.`;

try {
  readOptions(USAGE, {});
  await ensureDependencies(say);
  await ensureBuild(say);
  const { tarball, glibc } = await packForHosts(path.join(root, '.ohf'));
  const size = (statSync(tarball).size / 1024 ** 2).toFixed(1);
  say(`${shown(tarball)}: ${size} MB, Node ${process.version}${glibc ? `, glibc ${glibc} or newer` : ''}`);
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
