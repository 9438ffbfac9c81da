import { readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HfOperation } from '../../fixtures/stack/stack.ts';
import { simulatorControl, type SimulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { OPERATIONS, type Plugin } from '../plugin.ts';

/** What a script has said. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr?: string;
}

/** What a fake may run instead of the same script with the same input. */
export interface OtherCall {
  readonly operation?: HfOperation;
  readonly input?: unknown;
  readonly env?: Readonly<Record<string, string>>;
}

/** A call of a script that a fake answers. */
export interface FakeCall {
  readonly operation: HfOperation;
  readonly args: readonly string[];
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The text of the input file; '' without one. */
  readonly input: string;
  /** A folder of the fake's own, which stays from call to call. */
  readonly folder: string;
  readonly aws: SimulatorControl;
  /** What the true script answers, or another one, to other input or in another environment. */
  really(other?: OtherCall): Promise<Said>;
}

/** Answers a call, in the process of the harness or in that of a fake script. */
export type Answer = (call: Pick<FakeCall, 'operation' | 'args' | 'env' | 'really'>) => Promise<Said>;

/** A plugin that is right in everything but one. */
export interface Fake {
  /** The check that must find it out. */
  readonly breaks: number;
  /** What is wrong with it: "it ..." */
  readonly it: string;
  /** What the check must say of it. */
  readonly because: RegExp;
  /** It shows only in a process of its own: by the rights of the process, or at its end of a pipe. */
  readonly needsProcess?: boolean;
  act(call: FakeCall): Said | Promise<Said>;
}

/** How a fake answers: with the input file read, and with its folder and AWS at hand. */
export const answerOf =
  (fake: Fake, folder: string, awsUrl: string): Answer =>
  async (call) =>
    fake.act({ ...call, input: inputFileOf(call.args), folder, aws: simulatorControl(awsUrl) });

function inputFileOf([option, file]: readonly string[]): string {
  if (option !== '-f' || file === undefined) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The plugin as this fake makes it. */
export async function installFake(
  fake: Fake,
  index: number,
  plugin: Plugin,
  folder: string,
  awsUrl: string,
): Promise<Plugin> {
  const own = path.join(folder, `fake-${index}`);
  const scripts = path.join(own, 'scripts');
  await mkdir(scripts, { recursive: true });
  if (!fake.needsProcess) return { ...plugin, answer: answerOf(fake, own, awsUrl) };
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
