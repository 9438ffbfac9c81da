import { access, constants, readFile } from 'node:fs/promises';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import { fileErrorReason } from '../../../config/input/jsonFile.ts';
import { configOf } from '../../../config/load.ts';
import { temporalTls } from '../../../config/temporalTls.ts';
import { ConfigurationError, OhfError } from '../../../domain/errors/errors.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { lineOfSetting, lineOfTemplateKey } from './jsonPosition.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import type { Flags } from '../../args/command.ts';

interface LocatedFinding {
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  readonly key?: string;
  readonly message: string;
  readonly allowed?: string;
}

/** Reads files only, and reaches nothing. @returns 1 when anything is wrong */
export async function checkConfig(flags: Flags, env: Environment): Promise<number> {
  const isWorker = flags['worker'] === true;
  const scriptEnv = isWorker ? env : scriptEnvironment(flags, env);
  const notes: string[] = [];
  const findings = await asFindings(() => settingsFindings(isWorker, scriptEnv, notes));
  // The worker reads no templates: a request brings its own.
  if (!isWorker) findings.push(...(await asFindings(() => templateFindings(scriptEnv))));
  if (flags['json'] === true) {
    await writeStdout(`${JSON.stringify({ ok: findings.length === 0, findings, notes })}\n`);
  } else {
    const summary = findings.length === 0 ? 'all is right' : `${findings.length} wrong`;
    const lines = [...findings.map(findingText), ...notes.map((note) => `note: ${note}`), summary];
    await writeStdout(lines.map((line) => `${line}\n`).join(''));
  }
  return findings.length === 0 ? 0 : 1;
}

async function settingsFindings(
  isWorker: boolean,
  env: Environment,
  notes: string[],
): Promise<LocatedFinding[]> {
  const gathered = isWorker ? await gatherWorkerConfig(env) : await gatherCliConfig(env);
  notes.push(...gathered.notes);
  if (gathered.findings.length === 0) {
    const { temporal, provider } = configOf(gathered);
    // Certificates and keys can be read, and are whole.
    temporalTls(temporal);
    if (isWorker) await assertReadable('provider.aws.credentialFile', provider.aws.credentialFile);
    return [];
  }
  return Promise.all(gathered.findings.map(({ origin, ...finding }) => locate(finding, origin)));
}

async function assertReadable(key: string, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  await access(path, constants.R_OK).catch((error: unknown) => {
    throw new ConfigurationError(`${key}: ${path} cannot be read: ${fileErrorReason(error)}.`, {
      cause: error,
    });
  });
}

async function locate(
  found: LocatedFinding & { key: string },
  origin: string | undefined,
): Promise<LocatedFinding> {
  if (origin === undefined) return found;
  // A variable has no lines.
  const text = await readFile(origin, 'utf8').catch(() => undefined);
  const line = text === undefined ? undefined : lineOfSetting(text, found.key);
  return { file: origin, ...(line === undefined ? {} : { line }), ...found };
}

async function templateFindings(env: Environment): Promise<LocatedFinding[]> {
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
async function asFindings(collect: () => Promise<LocatedFinding[]>): Promise<LocatedFinding[]> {
  try {
    return await collect();
  } catch (error) {
    if (!(error instanceof OhfError)) throw error;
    return [{ message: error.message }];
  }
}

function findingText({ file, line, message }: LocatedFinding): string {
  if (file === undefined) return message;
  return `${file}${line === undefined ? '' : `:${line}`}: ${message}`;
}
