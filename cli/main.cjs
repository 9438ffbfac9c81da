#!/usr/bin/env node
'use strict';

// The entry point of the built command line: runs the bundle of main.ts from the machine code that the build cached.
// Compiling the bundle at each call of Host Factory would take a third of the time of an empty Node process.
const { readFileSync } = require('fs');
const { Script } = require('vm');

const filename = `${__dirname}/PROGRAM`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
} catch {
  // Another Node version built the cache: this one compiles the bundle. V8 ignores a cache that it rejects.
}
let program;
try {
  // The bundle is plain ASCII, which Node reads fastest as latin1.
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  program = script.runInThisContext();
} catch (error) {
  reportUnusable(error.message);
}
// import() does not work in cached code, so the bundle gets the one of this file.
if (program) program(require, filename, (file) => import(file));

/** Reports an older Node or an incomplete copy. Host Factory gets one JSON document, as for any other failure. */
function reportUnusable(reason) {
  const message =
    `Node.js ${process.version} (${process.execPath}) cannot run ${filename}: ${reason}. ` +
    'Open Host Factory needs Node.js 20.19 or later, and all its files.';
  const isOfHostFactory = /^(get|request)[A-Z]/.test(process.argv[2] || '');
  if (isOfHostFactory) process.stdout.write(`${JSON.stringify({ message })}\n`);
  else process.stderr.write(`ohf: ${message}\n`);
  process.exitCode = 1;
}
