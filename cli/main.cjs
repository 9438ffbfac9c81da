#!/usr/bin/env node
'use strict';

// The entry of the built command line: runs the bundle of main.ts from the machine code that the build made of it.
// Compiling the bundle anew would cost each call of Host Factory a third of what an empty process takes.
const { readFileSync } = require('fs');
const { Script } = require('vm');

const filename = `${__dirname}/PROGRAM`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
} catch {
  // Built by another Node: this one compiles. What V8 does not take, for whatever reason, it ignores itself.
}
let program;
try {
  // The bundle is plain ASCII, which is read fastest so.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  program = script.runInThisContext();
} catch (error) {
  refuse(error.message);
}
// In code that was not compiled here, import() does not work.
if (program) program(require, filename, (file) => import(file));

/** Of an older Node, or a copy that is not whole. To Host Factory it is one JSON document, as any other failure. */
function refuse(reason) {
  const message =
    `Node.js ${process.version} (${process.execPath}) cannot run ${filename}: ${reason}. ` +
    'Open Host Factory needs Node.js 20.19 or later, and all its files.';
  const isOfHostFactory = /^(get|request)[A-Z]/.test(process.argv[2] || '');
  if (isOfHostFactory) process.stdout.write(`${JSON.stringify({ message })}\n`);
  else process.stderr.write(`ohf: ${message}\n`);
  process.exitCode = 1;
}
