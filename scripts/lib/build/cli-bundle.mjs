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
  // Node 20's loader of ES modules takes 4 ms more, a fifth of an empty process.
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  define: { 'import.meta.url': 'importMetaUrl' },
  logLevel: 'silent',
  write: false,
};

/** Inputs of the bundles besides the compiled sources. */
export const bundleInputs = () =>
  [source, 'scripts/lib/build/cli-bundle.mjs'].filter((file) => existsSync(path.join(root, file)));

/** Whether the bundles exist, with machine code for this Node. */
export function isCliBundled() {
  if (!existsSync(path.join(root, source))) return true;
  if (
    ![entry, sdk, ...Object.keys(RARELY_LOADED).map((name) => path.join(folder, name))].every((file) =>
      existsSync(file),
    )
  )
    return false;
  const program = /program-\w+\.cjs/.exec(readFileSync(entry, 'utf8'))?.[0];
  return program !== undefined && existsSync(codeOf(path.join(folder, program)));
}

/**
 * Bundles the command line into files that need no node_modules. Host Factory's calls load only main.cjs, which runs the
 * program from its machine code. Separate files have what is rarely needed: operator commands, zod with the schemas,
 * Temporal's SDK. Worker and simulator are not bundled.
 * @param withSdk whether the SDK may have changed
 * @throws Error with esbuild's message
 */
export async function bundleCli({ withSdk }) {
  if (withSdk || !existsSync(sdk)) replace(sdk, await bundle({ stdin: { contents: SDK, resolveDir: root } }));
  for (const [name, contents] of Object.entries(RARELY_LOADED)) {
    const js = `const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`;
    const text = await bundle({ stdin: { contents, resolveDir: root, loader: 'ts' }, banner: { js } });
    replace(path.join(folder, name), text);
  }
  const text = await programText();
  if (text.includes('ZodType')) throw new Error("zod is in the bundle of Host Factory's calls.");
  // V8 accepts cached machine code for any text of the same length, so each text has its own file name.
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

/** The part of Temporal's SDK that the command line uses. */
const SDK =
  "export * from '@temporalio/client'; export { defineSearchAttributeKey } from '@temporalio/common';";

/** Modules that the program loads on demand, by the name of their bundle. */
const RARELY_LOADED = {
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

/** Machine code of all functions; by default V8 compiles only those that run at the start. */
function machineCode(text, filename) {
  setFlagsFromString('--no-lazy');
  const script = new Script(text, { filename });
  // Part of what V8 compares when it reads the code.
  setFlagsFromString('--lazy');
  return script.createCachedData();
}

/** Renamed into place: a command that starts meanwhile reads the old file or the new one. */
function replace(file, content) {
  writeFileSync(`${file}.${process.pid}.tmp`, content);
  renameSync(`${file}.${process.pid}.tmp`, file);
}
