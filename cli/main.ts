#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../config/jsonFile.ts';
import { isOperation } from './operations/registry.ts';

/** @returns the exit code: 0 or 1, and no other */
async function main(argv: readonly string[]): Promise<number> {
  try {
    // Inside, so that even a package that is not there becomes a proper answer.
    const { chooseAction, declareCommands } = await import('./program.ts');
    const cli = declareCommands(version(), process.env);
    return await chooseAction(cli, argv)();
  } catch (error) {
    if (isOperation(argv[2])) {
      process.stdout.write(`${JSON.stringify({ message: messageOf(error) })}\n`);
    } else {
      process.stderr.write(`ohf: ${messageOf(error)}\nRun 'ohf --help' for help.\n`);
    }
    return 1;
  }
}

/** From the package that this file is part of, wherever in it the build put the file. */
function version(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 4; up++) {
    directory = dirname(directory);
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
        return String(manifest.version);
      }
    } catch {
      // Not here; the package's directory is further up.
    }
  }
  return 'unknown';
}

// All output is flushed by now; a connection that lingers must not keep Host Factory waiting.
process.exit(await main(process.argv));
