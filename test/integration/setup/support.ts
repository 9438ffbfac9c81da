import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');
export const scripts = path.join(root, 'scripts');

export interface Ended {
  readonly code: number | null;
  /** stdout and stderr as they came. */
  readonly output: string;
}

/** Runs a program to its end, with this environment and no other. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv, cwd = root): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: output.trim() }));
  });
}

/** Runs Node on a script of the repository, or with `-e`. */
export function node(args: string[], env: NodeJS.ProcessEnv = {}, cwd = root): Promise<Ended> {
  return run(process.execPath, args, { PATH: process.env['PATH'], ...env }, cwd);
}

/** Runs a module given as text; it imports the scripts by their paths, see `lib`. */
export function module(text: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return node(['--input-type=module', '-e', text], env);
}

/** The path of a file of scripts/. */
export const lib = (name: string): string => path.join(scripts, name);

export const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

/** A folder for one test, with functions that put programs into it. */
export class Sandbox {
  readonly folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ohf-setup-')));

  path(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  file(name: string, content: string): string {
    const file = this.path(name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** An executable of that JavaScript. */
  program(name: string, javascript: string): string {
    const file = this.file(name, `#!${process.execPath}\n${javascript}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
