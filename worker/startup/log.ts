import { mkdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DefaultLogger, type Logger, type LogLevel as SdkLevel } from '@temporalio/worker';
import { type Config, type Environment, type LogLevel } from '../../config/index.ts';
import { secretValues } from '../../config/secrets.ts';
import { requestIdOf } from '../../contract/ids.ts';
import { fileTarget, streamTarget } from '../../logging/direct.ts';
import { logPath } from '../../logging/file.ts';
import { createRedactor } from '../../logging/line.ts';
import { headersIn } from '../../logging/otlp.ts';
import { fanOut, type TargetDefinition } from '../../logging/target.ts';

export interface WorkerLog {
  readonly logger: Logger;
  /** Delivers what is queued, within a few seconds. */
  close(): Promise<void>;
}

/** The SDK warns of each task queue that has activities only, which is intended here. */
const EXPECTED_SDK_WARNING = 'No workflows registered, not polling for workflow tasks';

/** The log until the settings are read. */
export const openBootstrapLog = (env: Environment): WorkerLog =>
  openLog('info', [streamTarget(process.stdout)], secretValues(env), {});

/** Writes JSON lines to the configured targets. A failing target is reported to the others and stops nothing. */
export async function openWorkerLog(config: Config, env: Environment): Promise<WorkerLog> {
  const { level } = config.logging;
  const { name, deployment } = config.provider;
  const secrets = [...secretValues(env), ...secretsInFiles(config)];
  return openLog(level, await targetsOf(config), secrets, { provider: name, deployment, pid: process.pid });
}

async function targetsOf({ logging, provider }: Config): Promise<TargetDefinition[]> {
  const { directory, maxFileMegabytes, keepFiles, stdout, syslog, otlp } = logging;
  const targets = stdout ? [streamTarget(process.stdout)] : [];
  if (directory !== undefined) {
    makeFolder(directory);
    const path = logPath(directory, provider.name, 'worker');
    targets.push(fileTarget({ path, maxBytes: maxFileMegabytes * 1_000_000, keepFiles }));
  }
  if (syslog) {
    const { syslogTarget } = await import('../../logging/syslog.ts');
    targets.push(syslogTarget(syslog, `ohf-${provider.name}`));
  }
  if (otlp) {
    const { otlpTarget } = await import('../../logging/otlp.ts');
    targets.push(
      otlpTarget(otlp, {
        'service.name': 'open-host-factory',
        'service.instance.id': `${hostname()}-${process.pid}`,
        'host.name': hostname(),
        'ohf.provider': provider.name,
        'ohf.deployment': provider.deployment,
      }),
    );
  }
  return targets;
}

function makeFolder(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch {
    // The file target reports the failure with the first line.
  }
}

function openLog(
  level: LogLevel,
  targets: readonly TargetDefinition[],
  secrets: readonly string[],
  baseFields: object,
): WorkerLog {
  const { write, close } = fanOut(level, createRedactor(secrets), targets);
  const logger = new DefaultLogger(
    level.toUpperCase() as SdkLevel,
    ({ level: severity, timestampNanos, message, meta = {} }) =>
      write({
        at: Number(timestampNanos / 1_000_000n),
        level: message === EXPECTED_SDK_WARNING ? 'debug' : (severity.toLowerCase() as LogLevel),
        message,
        fields: { ...requestIdField(meta), ...baseFields, ...meta, taskToken: undefined },
      }),
  );
  return { logger, close };
}

/** Host Factory's id for a line of a workflow or an activity, from the workflow id that the SDK adds. */
function requestIdField({ workflowId }: Readonly<Record<string, unknown>>): object {
  const requestId = typeof workflowId === 'string' ? requestIdOf(workflowId) : undefined;
  return requestId === undefined ? {} : { requestId };
}

/** Secrets in files that the settings name; none of them may appear in a log. */
function secretsInFiles({ events, logging }: Config): string[] {
  const [webhook = ''] = readTextIfAny(events.webhook?.secretFile).split('\n');
  return [webhook.trim(), ...Object.values(headersIn(readTextIfAny(logging.otlp?.headersFile)))];
}

function readTextIfAny(path: string | undefined): string {
  try {
    return path === undefined ? '' : readFileSync(path, 'utf8');
  } catch {
    // The target or handler that needs the file reports it.
    return '';
  }
}
