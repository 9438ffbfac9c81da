import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import type { SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { OPERATIONS, type Plugin } from '../plugin.ts';

/** What a script has said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr?: string;
}

/** A call of a script that a fake is asked to answer. */
export interface FakeCall {
  readonly operation: HfOperation;
  readonly args: readonly string[];
  /** The text of the input file; '' without one. */
  readonly input: string;
  /** A folder of the fake's own, which stays from call to call. */
  readonly folder: string;
  readonly aws: SimulatorControl;
  /** What the true script says, or another one, to other input or in another environment. */
  really(other?: {
    readonly operation?: HfOperation;
    readonly input?: unknown;
    readonly env?: Readonly<Record<string, string>>;
  }): Said;
}

/** A plugin that is right in everything but one. */
export interface Fake {
  /** The check that must find it out. */
  readonly breaks: number;
  /** What is wrong with it: "it ..." */
  readonly it: string;
  /** What the check must say of it. */
  readonly because: RegExp;
  act(call: FakeCall): Said | Promise<Said>;
}

/** Five scripts that answer as this fake does. */
export async function installFake(
  index: number,
  plugin: Plugin,
  folder: string,
  awsUrl: string,
): Promise<Plugin> {
  const own = path.join(folder, `fake-${index}`);
  const scripts = path.join(own, 'scripts');
  await mkdir(scripts, { recursive: true });
  const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'script.js');
  for (const operation of OPERATIONS) {
    const words = [process.execPath, program, String(index), plugin.scripts, own, awsUrl, operation];
    const script = path.join(scripts, `${operation}.sh`);
    // What a check tells the language underneath is meant for the true script.
    await writeFile(
      script,
      [
        '#!/bin/sh',
        'export FAKED_NODE_OPTIONS="$NODE_OPTIONS" FAKED_NODE_DEBUG="$NODE_DEBUG"',
        'unset NODE_OPTIONS NODE_DEBUG',
        `exec ${words.map((word) => `'${word}'`).join(' ')} "$@"`,
        '',
      ].join('\n'),
    );
    await chmod(script, 0o755);
  }
  return { ...plugin, scripts };
}
