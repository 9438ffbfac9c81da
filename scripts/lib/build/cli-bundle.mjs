import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { dist, root } from '../paths.mjs';

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
  define: { 'import.meta.url': 'importMetaUrl' },
  logLevel: 'silent',
  write: false,
};

/** What the bundles are made of beside the sources that are compiled. */
export const bundleInputs = () =>
  [source, 'scripts/lib/build/cli-bundle.mjs'].filter((file) => existsSync(path.join(root, file)));

/** Whether the bundles are there, and machine code for this Node. */
export function isCliBundled() {
  if (!existsSync(path.join(root, source))) return true;
  if (
    ![entry, sdk, ...Object.keys(SELDOM).map((name) => path.join(folder, name))].every((file) =>
      existsSync(file),
    )
  )
    return false;
  const program = /program-\w+\.cjs/.exec(readFileSync(entry, 'utf8'))?.[0];
  return program !== undefined && existsSync(codeOf(path.join(folder, program)));
}

/**
 * Bundles the command line into files that need no node_modules. Those that Host Factory's calls load: main.cjs, which
 * runs the program from its machine code. Beside them what is seldom needed: the commands for people, zod with the
 * schemas, Temporal's SDK. Worker and simulator stay where they are compiled to.
 * @param withSdk whether the SDK may have changed
 * @throws Error with esbuild's words
 */
export async function bundleCli({ withSdk }) {
  if (withSdk || !existsSync(sdk)) replace(sdk, await bundle({ stdin: { contents: SDK, resolveDir: root } }));
  for (const [name, contents] of Object.entries(SELDOM)) {
    const js = `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`;
    const text = await bundle({ stdin: { contents, resolveDir: root, loader: 'ts' }, banner: { js } });
    replace(path.join(folder, name), text);
  }
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

/** What the command line uses of Temporal's SDK. */
const SDK =
  "export * from '@temporalio/client'; export { defineSearchAttributeKey } from '@temporalio/common';";

/** Modules that the program loads when it must, by the file they are put into. */
const SELDOM = {
  'commands.cjs': "export * from './cli/program.ts';",
  'schemas.cjs': "export * from './cli/operations/schemas.ts';",
};

const codeOf = (program) => `${program}.${process.version}-${process.arch}`;

async function programText() {
  const text = await bundle({
    entryPoints: [path.join(root, 'cli', 'main.ts')],
    banner: { js: '(function (require, __filename, importApart) {' },
    footer: { js: '})' },
  });
  return text.replace(/^#!.*\n/, '').replaceAll('import(', 'importApart(');
}

async function bundle(options) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    ...COMMON,
    ...options,
    plugins: options.stdin?.contents === SDK ? [] : [{ name: 'apart', setup: keepApart }],
  });
  return outputFiles[0].text;
}

function keepApart({ onResolve }) {
  const apart = (filter, file) =>
    onResolve({ filter }, ({ kind, path: wanted }) =>
      kind === 'dynamic-import' || wanted.startsWith('@')
        ? { path: file(wanted), external: true }
        : undefined,
    );
  apart(/^@temporalio\//, () => './temporal-sdk.cjs');
  apart(/^\.\/program\.ts$/, () => './commands.cjs');
  apart(/^\.\/schemas\.ts$/, () => './schemas.cjs');
  apart(/^(\.\.\/)+(worker|simulator)\//, (wanted) =>
    wanted.replace(/^(\.\.\/)+/, '../').replace(/\.ts$/, '.js'),
  );
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
