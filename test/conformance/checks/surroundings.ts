import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Plugin } from '../plugin.ts';

/** A module that the language underneath loads before everything else, by NODE_OPTIONS. */
export async function nodeModule(text: string) {
  const folder = await mkdtemp(path.join(tmpdir(), 'hf-module-'));
  const file = path.join(folder, 'first.cjs');
  await writeFile(file, text);
  return { file, remove: () => rm(folder, { recursive: true }) };
}

/** The files of these folders and below, with what tells of a change; of `/` its own entries alone. */
export async function filesIn(folders: readonly string[]): Promise<readonly string[]> {
  const lists = folders.map(async (folder) => {
    const files = await readdir(folder, { recursive: folder !== '/' });
    return Promise.all(files.map(async (file) => describe(path.join(folder, file))));
  });
  return (await Promise.all(lists)).flat().toSorted();
}

async function describe(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found?.isFile() ? `${file} ${found.size} ${found.mtimeMs}` : file;
}

/** All that a plugin has logged. */
export async function logText({ env }: Plugin): Promise<string> {
  const folder = env['HF_PROVIDER_LOGDIR'] ?? '';
  const files = await readdir(folder);
  return (await Promise.all(files.map((file) => readFile(path.join(folder, file), 'utf8')))).join('');
}
