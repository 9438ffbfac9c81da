import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { providerLogDir, providerName } from '../config/hfPaths.ts';
import type { Environment } from '../config/index.ts';

export interface Log {
  warn(message: string, details?: object): void;
  error(message: string, details?: object): void;
}

/**
 * Appends JSON lines to IBM's `<provider>-provider.<host>.log` in Host Factory's log directory; without
 * one, nowhere. A log that cannot be written never fails a call.
 */
export function openLog(env: Environment, operation: string): Log {
  const directory = providerLogDir(env);
  const path = directory && join(directory, `${providerName(env)}-provider.${hostname()}.log`);
  const append = (level: string, message: string, details: object): void => {
    if (!path) return;
    const line = { time: new Date().toISOString(), level, operation, pid: process.pid, message, ...details };
    try {
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    } catch {
      // Disk full, read-only, no such directory: Host Factory needs its answer all the same.
    }
  };
  return {
    warn: (message, details = {}) => append('warn', message, details),
    error: (message, details = {}) => append('error', message, details),
  };
}

/** An error with its causes as one plain value for the log; the only place where a stack is kept. */
export function errorDetails(error: unknown): object {
  if (!(error instanceof Error)) return { error: String(error) };
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(cause.message);
  }
  const code = 'code' in error ? { code: error.code } : {};
  return { ...code, ...(causes.length > 0 ? { causes } : {}), stack: error.stack };
}
