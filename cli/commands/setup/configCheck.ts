import { readFile } from 'node:fs/promises';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { gatherCliConfig, gatherWorkerConfig, type Environment } from '../../../config/index.ts';
import type { Config } from '../../../config/index.ts';
import { readSecretFile, readSecretLine } from '../../../config/input/secretFile.ts';
import { configOf } from '../../../config/load.ts';
import { temporalTls } from '../../../config/temporalTls.ts';
import { OhfError } from '../../../domain/errors/errors.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';
import { lineOfSetting, lineOfTemplateKey } from './jsonPosition.ts';

interface LocatedFinding {
  readonly file?: string;
  /** Counted from 1. */
  readonly line?: number;
  readonly key?: string;
  readonly message: string;
  readonly allowed?: string;
}

export interface ConfigCheck {
  readonly ok: boolean;
  readonly findings: readonly LocatedFinding[];
  readonly notes: readonly string[];
}

/** Checks settings and templates. Reads files only, and connects to nothing. */
export async function checkConfig(isWorker: boolean, env: Environment): Promise<ConfigCheck> {
  const notes: string[] = [];
  const findings = await asFindings(() => settingsFindings(isWorker, env, notes));
  // The worker reads no templates file: each request contains its template.
  if (!isWorker) findings.push(...(await asFindings(() => templateFindings(env))));
  return { ok: findings.length === 0, findings, notes };
}

export function checkText({ findings, notes }: ConfigCheck): string {
  const summary = findings.length === 0 ? 'no errors' : `errors: ${findings.length}`;
  const lines = [...findings.map(findingText), ...notes.map((note) => `note: ${note}`), summary];
  return lines.map((line) => `${line}\n`).join('');
}

async function settingsFindings(
  isWorker: boolean,
  env: Environment,
  notes: string[],
): Promise<LocatedFinding[]> {
  const gathered = isWorker ? await gatherWorkerConfig(env) : await gatherCliConfig(env);
  notes.push(...gathered.notes);
  if (gathered.findings.length === 0) {
    const config = configOf(gathered);
    // Throws if a certificate or key is unreadable or damaged.
    temporalTls(config.temporal);
    return isWorker ? secretFileFindings(config) : [];
  }
  return Promise.all(gathered.findings.map(({ origin, ...finding }) => locate(finding, origin)));
}

/** The worker reads these files later, each when it needs it. */
function secretFileFindings({ provider, events, logging }: Config): LocatedFinding[] {
  const files = [
    ['provider.aws.credentialFile', provider.aws.credentialFile, readSecretFile],
    ['events.webhook.secretFile', events.webhook?.secretFile, readSecretLine],
    ['logging.otlp.headersFile', logging.otlp?.headersFile, readSecretFile],
  ] as const;
  return files.flatMap(([key, path, read]) => {
    try {
      if (path !== undefined) read(key, path);
      return [];
    } catch (error) {
      return [{ key, message: messageOf(error) }];
    }
  });
}

async function locate(
  found: LocatedFinding & { key: string },
  origin: string | undefined,
): Promise<LocatedFinding> {
  if (origin === undefined) return found;
  // The origin may be an environment variable, which has no lines.
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

/** Turns an unreadable file into a finding. */
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
