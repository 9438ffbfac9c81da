import { access, constants, readFile } from 'node:fs/promises';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import { reasonOf } from '../../../config/input/jsonFile.ts';
import { configOf } from '../../../config/load.ts';
import { temporalTls } from '../../../config/temporalTls.ts';
import { ConfigurationError, OhfError } from '../../../domain/errors/errors.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { lineOfSetting, lineOfTemplateKey } from './jsonPosition.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import type { Flags } from '../../args/command.ts';

interface Found {
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly key?: string;
  readonly message: string;
  readonly allowed?: string;
}

/** Reads files only, and reaches nothing. @returns 1 when anything is wrong */
export async function check(flags: Flags, env: Environment): Promise<number> {
  const isWorker = flags['worker'] === true;
  const own = isWorker ? env : providerEnv(flags, env);
  const notes: string[] = [];
  const findings = await told(() => ofSettings(isWorker, own, notes));
  // The worker reads no templates: a request brings its own.
  if (!isWorker) findings.push(...(await told(() => ofTemplates(own))));
  if (flags['json'] === true) {
    await writeOut(`${JSON.stringify({ ok: findings.length === 0, findings, notes })}\n`);
  } else {
    const end = findings.length === 0 ? 'all is right' : `${findings.length} wrong`;
    const lines = [...findings.map(sentence), ...notes.map((note) => `note: ${note}`), end];
    await writeOut(lines.map((line) => `${line}\n`).join(''));
  }
  return findings.length === 0 ? 0 : 1;
}

async function ofSettings(isWorker: boolean, env: Environment, notes: string[]): Promise<Found[]> {
  const gathered = isWorker ? await gatherWorkerConfig(env) : await gatherCliConfig(env);
  notes.push(...gathered.notes);
  if (gathered.findings.length === 0) {
    const { temporal, provider } = configOf(gathered);
    // Certificates and keys can be read, and are whole.
    temporalTls(temporal);
    if (isWorker) await mustBeReadable('provider.aws.credentialFile', provider.aws.credentialFile);
    return [];
  }
  return Promise.all(gathered.findings.map(({ origin, ...finding }) => placed(finding, origin)));
}

async function mustBeReadable(key: string, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new ConfigurationError(`${key}: ${path} cannot be read: ${reasonOf(error)}.`, { cause: error });
  });
}

async function placed(found: Found & { key: string }, origin: string | undefined): Promise<Found> {
  if (origin === undefined) return found;
  // A variable has no lines.
  const text = await readFile(origin, 'utf8').catch(() => undefined);
  const line = text === undefined ? undefined : lineOfSetting(text, found.key);
  return { file: origin, ...(line === undefined ? {} : { line }), ...found };
}

async function ofTemplates(env: Environment): Promise<Found[]> {
  const file = templatesPath(env);
  const { problems } = await readTemplates(file);
  const text = await readFile(file, 'utf8');
  return problems.map((problem) => {
    const line = lineOfTemplateKey(text, problem);
    const message = `template '${problem.templateId}': ${problem.message}`;
    return { file, ...(line === undefined ? {} : { line }), key: problem.key, message };
  });
}

/** What cannot be read at all is a finding as well. */
async function told(look: () => Promise<Found[]>): Promise<Found[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof OhfError)) throw error;
    return [{ message: error.message }];
  }
}

function sentence({ file, line, message }: Found): string {
  if (file === undefined) return message;
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}
