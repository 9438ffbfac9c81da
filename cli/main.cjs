#!/usr/bin/env node
'use strict';

// The entry of the built command line: runs the bundle of main.ts from the machine code that the build made of it.
// Compiling the bundle anew would cost each call of Host Factory a third of what an empty process takes.
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');

const filename = `${__dirname}/PROGRAM`;
let cachedData;
try {
  cachedData = readFileSync(`${filename}.${process.version}-${process.arch}`);
} catch {
  // Built by another Node: this one compiles. What V8 does not take, for whatever reason, it ignores itself.
}
// The bundle is plain ASCII, which is read fastest so.
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
// In code that was not compiled here, import() does not work.
script.runInThisContext()(require, filename, (file) => import(file));
