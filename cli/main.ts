#!/usr/bin/env node
import { messageOf } from '../config/input/jsonFile.ts';
import { isOperationName } from './operations/registry.ts';

/** @returns the exit code: 0 or 1, and no other */
async function main([, , name, ...rest]: readonly string[]): Promise<number> {
  try {
    // Inside, so that even a package that is not there becomes a proper answer.
    if (isOperationName(name) && !rest.some((arg) => HELP_FLAGS.includes(arg))) {
      // Host Factory's own calls, which come by the thousand, need no table of commands.
      const { runOperation } = await import('./runOperation.ts');
      return await runOperation(name, rest, process.env);
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(process.argv, process.env);
  } catch (error) {
    if (isOperationName(name)) {
      process.stdout.write(`${JSON.stringify({ message: messageOf(error) })}\n`);
    } else {
      process.stderr.write(`ohf: ${messageOf(error)}\nRun 'ohf --help' for help.\n`);
    }
    return 1;
  }
}

const HELP_FLAGS: readonly string[] = ['-h', '--help', '-v', '--version'];

// All output is flushed by now; a connection that lingers must not keep Host Factory waiting.
void main(process.argv).then((code) => process.exit(code));
