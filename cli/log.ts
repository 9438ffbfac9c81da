import { hostname } from 'node:os';
import { providerLogDir, providerName } from '../config/hostFactory/hfPaths.ts';
import { DEFAULTS, type Environment, type LoggingConfig, type LogLevel } from '../config/index.ts';
import { secretValues } from '../config/secrets.ts';
import { appendLines, logPath } from '../logging/file.ts';
import { causeMessages, createRedactor, isEnabled, formatLine, type LogEntry } from '../logging/line.ts';

export interface Log {
  debug(message: string, details?: object): void;
  info(message: string, details?: object): void;
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
  /** Adds fields to all later lines, e.g. a requestId. */
  addFields(ids: object): void;
}

/** The log of one call. */
export interface CallLog extends Log {
  /** Identifies this call in this log, in Temporal and in the events. */
  readonly callId: string;
  /** Writes the buffered lines, and from now on every line at once. */
  configure(settings: LoggingConfig): void;
  /** Writes the buffered lines. Reads the settings only if there are such lines. */
  close(settings: () => Promise<LoggingConfig>): Promise<void>;
}

/**
 * Appends JSON lines to `<provider>-provider.<host>.log` (IBM's name) in Host Factory's log directory, else in that of
 * the settings; without either it drops them. Lines are buffered until the settings are read. A log that cannot be
 * written never fails a call.
 */
export function openLog(env: Environment, operation: string): CallLog {
  const callId = newCallId();
  const redact = createRedactor(secretValues(env));
  let fields: object = { operation, callId, pid: process.pid, provider: providerName(env) };
  let settings: LoggingConfig | undefined;
  let buffered: LogEntry[] = [];

  const write = (entries: readonly LogEntry[], { level, directory, ...rotation }: LoggingConfig): void => {
    const folder = providerLogDir(env) ?? directory;
    const enabled = entries.filter((entry) => isEnabled(entry.level, level));
    if (folder === undefined || enabled.length === 0) return;
    const file = {
      path: logPath(folder, providerName(env), 'provider'),
      maxBytes: rotation.maxFileMegabytes * 1_000_000,
      keepFiles: rotation.keepFiles,
    };
    try {
      appendLines(file, enabled.map((entry) => `${formatLine(entry, redact)}\n`).join(''));
    } catch {
      // Disk full, read-only, no such directory: Host Factory still needs its answer.
    }
  };
  const configure = (newSettings: LoggingConfig): void => {
    settings = newSettings;
    write(buffered, newSettings);
    buffered = [];
  };
  const logAt =
    (level: LogLevel) =>
    (message: string, details: object = {}): void => {
      const entry = { at: Date.now(), level, message, fields: { ...fields, ...details } };
      if (settings) write([entry], settings);
      else buffered.push(entry);
    };
  return {
    callId,
    debug: logAt('debug'),
    info: logAt('info'),
    warn: logAt('warn'),
    error: logAt('error'),
    addFields: (ids) => (fields = { ...fields, ...ids }),
    configure,
    async close(readSettings) {
      // The lines may be about invalid settings.
      if (buffered.length > 0) configure(await readSettings().catch(() => DEFAULTS.logging));
    },
  };
}

/** `<host>-<pid>-<time>`: names the host whose log to read, and is unique on that host. */
const newCallId = (): string => `${hostname().split('.')[0]}-${process.pid}-${Date.now().toString(36)}`;

/** An error with its causes as plain log fields; only the log has the stack. */
export function errorDetails(error: unknown): object {
  if (!(error instanceof Error)) return { error: String(error) };
  const causes = causeMessages(error);
  const code = 'code' in error ? { code: error.code } : {};
  return { ...code, ...(causes.length > 0 ? { causes } : {}), stack: error.stack };
}
