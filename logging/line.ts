import type { LogLevel } from '../config/config.ts';

/** The content of one log line. */
export interface LogEntry {
  /** Epoch ms. */
  readonly at: number;
  readonly level: LogLevel;
  readonly message: string;
  /** Ids first, then details. An Error is logged with its causes and without its stack. */
  readonly fields: object;
}

/** Longer texts and lists are cut: a line must fit into a syslog datagram, and people must be able to read it. */
const MAX_TEXT_LENGTH = 2_000;
const MAX_LIST_LENGTH = 100;

const SEVERITY: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

export const isEnabled = (level: LogLevel, threshold: LogLevel): boolean =>
  SEVERITY[level] >= SEVERITY[threshold];

/** One JSON object on one line, without the line break. Never throws, whatever the fields contain. */
export function formatLine(
  { at, level, message, fields }: LogEntry,
  redact: (text: string) => string,
): string {
  const head = { time: new Date(at).toISOString(), level, message };
  try {
    // `head` first for its order, and last so that no field overrides it.
    return redact(JSON.stringify({ ...head, ...fields, ...head }, shortenValue));
  } catch (error) {
    return redact(JSON.stringify({ ...head, unprintable: String(error) }, shortenValue));
  }
}

function shortenValue(key: string, value: unknown): unknown {
  if (isSecretName(key) && typeof value === 'string') return MASK;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return errorFields(value);
  if (typeof value === 'string' && value.length > MAX_TEXT_LENGTH)
    return `${value.slice(0, MAX_TEXT_LENGTH)}…`;
  if (Array.isArray(value) && value.length > MAX_LIST_LENGTH) return value.slice(0, MAX_LIST_LENGTH);
  return value;
}

function errorFields(error: Error): object {
  const causes = causeMessages(error);
  return { name: error.name, message: error.message, ...(causes.length > 0 ? { causes } : {}) };
}

/** Messages of an error's causes (at most five), the nearest first. */
export function causeMessages(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push(cause.message);
  }
  return causes;
}

const MASK = '****';
const isSecretName = (key: string): boolean =>
  /secret|password|api-?key|authorization|credential|private-?key|user-?data|(session|security)-?token/i.test(
    key,
  );

/** A shorter secret could be part of ordinary words, which would then be masked. */
const MIN_SECRET_LENGTH = 12;

/** Masks these secrets, and the user and password of any URL, in the text of a line. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const escaped = secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    // As JSON escapes them.
    .map((secret) => JSON.stringify(secret).slice(1, -1));
  return (text) =>
    escaped
      .reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
      .replaceAll(/(\w:\/\/)[^\s/"@]+@/g, `$1${MASK}@`);
}
