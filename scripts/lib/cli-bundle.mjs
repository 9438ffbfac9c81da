import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { dist, root } from './paths.mjs';

const folder = path.join(dist, 'cli');
const source = path.join('cli', 'main.cjs');
const entry = path.join(folder, 'main.cjs');
const sdk = path.join(folder, 'temporal-sdk.cjs');

const COMMON = {
  bundle: true,
  platform: 'node',
  // Node 20 takes 4 ms more for its loader of ES modules, a fifth of an empty process.
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  logLevel: 'silent',
  write: false,
};

/** What the bundles are made of beside the sources that are compiled. */
export const bundleInputs = () =>
  [source, 'scripts/lib/cli-bundle.mjs'].filter((file) => existsSync(path.join(root, file)));

/** Whether the bundles are there, and machine code for this Node. */
export function isCliBundled() {
  if (!existsSync(path.join(root, source))) return true;
  if (!existsSync(entry) || !existsSync(sdk)) return false;
  const program = /program-\w+\.cjs/.exec(readFileSync(entry, 'utf8'))?.[0];
  return program !== undefined && existsSync(codeOf(path.join(folder, program)));
}

/**
 * Bundles the command line into one file that needs no node_modules: the five operations, each module run only when
 * it is asked for. Not in it: Temporal's SDK, in a file of its own, and the worker and the simulator, which stay
 * where they are compiled to.
 * @param withSdk whether the SDK may have changed
 * @throws Error with esbuild's words
 */
export async function bundleCli({ withSdk }) {
  if (withSdk || !existsSync(sdk)) await bundleSdk();
  const text = await programText();
  // V8 takes any text of the right length for what it compiled, so each text has its own name.
  const name = `program-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.cjs`;
  const program = path.join(folder, name);
  replace(program, text);
  replace(codeOf(program), machineCode(text, program));
  replace(entry, readFileSync(path.join(root, source), 'utf8').replace('PROGRAM', name));
  chmodSync(entry, 0o755);
  for (const file of readdirSync(folder)) {
    if (file.startsWith('program-') && !file.startsWith(name)) rmSync(path.join(folder, file));
  }
}

const codeOf = (program) => `${program}.${process.version}-${process.arch}`;

async function programText() {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints: [path.join(root, 'cli', 'main.ts')],
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: {
      js: "(function (require, __filename, importApart) { const importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
    plugins: [{ name: 'apart', setup: keepApart }],
  });
  return outputFiles[0].text.replace(/^#!.*\n/, '').replaceAll('import(', 'importApart(');
}

function keepApart({ onResolve }) {
  onResolve({ filter: /^@temporalio\// }, () => ({ path: './temporal-sdk.cjs', external: true }));
  onResolve({ filter: /^\.\.\/\.\.\/(worker|simulator)\// }, ({ path: file }) => ({
    path: file.replace('../../', '../').replace(/\.ts$/, '.js'),
    external: true,
  }));
}

/** What the command line uses of Temporal's SDK. */
async function bundleSdk() {
  const { build } = await import('esbuild');
  const contents =
    "export * from '@temporalio/client'; export { defineSearchAttributeKey } from '@temporalio/common';";
  const { outputFiles } = await build({ ...COMMON, stdin: { contents, resolveDir: root } });
  replace(sdk, outputFiles[0].text);
}

/** Of all functions, not only of those that run at the start, as V8 does by itself. */
function machineCode(text, filename) {
  setFlagsFromString('--no-lazy');
  const script = new Script(text, { filename });
  // Part of what V8 compares when it reads the code.
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

/** Whoever runs the command line meanwhile sees the old file or the new one. */
function replace(file, content) {
  writeFileSync(`${file}.${process.pid}.tmp`, content);
  renameSync(`${file}.${process.pid}.tmp`, file);
}
