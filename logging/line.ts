import type { LogLevel } from '../config/config.ts';

/** Something that is worth a line. */
export interface LogEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  /** Ids first, then whatever tells more. Errors among them are told with their causes and without a stack. */
  readonly fields: object;
}

/** Longer texts and lists are cut: a line has to fit into a datagram of syslog, and to be read by somebody. */
const LONGEST_TEXT = 2_000;
const LONGEST_LIST = 100;

const SEVERITY: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

export const isWorth = (level: LogLevel, least: LogLevel): boolean => SEVERITY[level] >= SEVERITY[least];

/** One JSON object on one line, without its end. Never throws, whatever the fields hold. */
export function lineOf({ at, level, message, fields }: LogEntry, hide: (text: string) => string): string {
  const head = { time: new Date(at).toISOString(), level, message };
  try {
    // First and last: no field takes their place.
    return hide(JSON.stringify({ ...head, ...fields, ...head }, shortened));
  } catch (error) {
    return hide(JSON.stringify({ ...head, unprintable: String(error) }, shortened));
  }
}

function shortened(key: string, value: unknown): unknown {
  if (isSecretName(key) && typeof value === 'string') return HIDDEN;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return plainError(value);
  if (typeof value === 'string' && value.length > LONGEST_TEXT) return `${value.slice(0, LONGEST_TEXT)}…`;
  if (Array.isArray(value) && value.length > LONGEST_LIST) return value.slice(0, LONGEST_LIST);
  return value;
}

function plainError(error: Error): object {
  const causes = causesOf(error);
  return { name: error.name, message: error.message, ...(causes.length > 0 ? { causes } : {}) };
}

/** Messages of what caused an error, the nearest first. */
export function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(cause.message);
  }
  return causes;
}

const HIDDEN = '****';
const isSecretName = (key: string): boolean =>
  /secret|password|api-?key|authorization|credential|private-?key|user-?data|(session|security)-?token/i.test(
    key,
  );

/** Shorter ones would hide innocent words. */
const SHORTEST_SECRET = 12;

/** Blots out these secrets, and the user of any URL, in the text of a line. */
export function hider(secrets: readonly string[]): (text: string) => string {
  const written = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    // As they stand in JSON.
    .map((secret) => JSON.stringify(secret).slice(1, -1));
  return (text) =>
    written
      .reduce((shown, secret) => shown.replaceAll(secret, HIDDEN), text)
      .replaceAll(/(\w:\/\/)[^\s/"@]+@/g, `$1${HIDDEN}@`);
}
