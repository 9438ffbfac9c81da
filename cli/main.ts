#!/usr/bin/env node
import { hfOperation } from './operations/registry.ts';
import { messageOf } from '../domain/errors/messageOf.ts';

/** @returns the exit code: 0 or 1, and no other */
async function main([, , name, ...rest]: readonly string[]): Promise<number> {
  const entry = hfOperation(name);
  try {
    // Inside the try, so that even a missing package becomes a proper answer.
    if (entry && !rest.some((arg) => HELP_FLAGS.includes(arg))) {
      // Host Factory makes thousands of calls, and none of them needs the table of commands.
      const { runOperation } = await import('./runOperation.ts');
      return await runOperation(entry, rest, process.env);
    }
    const { runProgram } = await import('./program.ts');
    return await runProgram(process.argv, process.env);
  } catch (error) {
    if (entry) {
      process.stdout.write(`${JSON.stringify({ message: messageOf(error) })}\n`);
    } else {
      process.stderr.write(`ohf: ${messageOf(error)}\nRun 'ohf --help' for help.\n`);
    }
    return 1;
  }
}

const HELP_FLAGS: readonly string[] = ['-h', '--help', '-v', '--version'];

// All output is flushed by now; an open connection must not keep Host Factory waiting.
void main(process.argv).then((code) => process.exit(code));
