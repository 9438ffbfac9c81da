import type { LogLevel, OtlpConfig } from '../config/config.ts';
import { readSecretFile } from '../config/input/secretFile.ts';
import { forwardingTarget, UndeliverableError, type ForwardedLine } from './forward.ts';
import type { TargetDefinition } from './target.ts';

const TIMEOUT_MS = 10_000;
/** The collector rejects these lines permanently: malformed, or too large. Any other status is retried. */
const PERMANENT_STATUSES = [400, 413];

/**
 * Sends lines by OTLP over HTTP in JSON: each line is a log record, its fields are the record's attributes.
 * @param resource attributes of all records, e.g. `service.name`
 */
export function otlpTarget({ url, headersFile }: OtlpConfig, resource: object): TargetDefinition {
  return forwardingTarget({
    name: `the OTLP collector at ${new URL(url).host}`,
    batchSize: 500,
    lingerMs: 500,
    async deliver(lines) {
      // Read for each delivery, so that a token can be replaced without a restart.
      const extraHeaders =
        headersFile === undefined
          ? {}
          : headersIn(readSecretFile('OTLP headers file', headersFile).toString('utf8'));
      const response = await fetch(url, {
        method: 'POST',
        headers: { ...extraHeaders, 'content-type': 'application/json' },
        body: JSON.stringify(exportRequest(lines, resource)),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (response.ok) return;
      const reason = `it answered ${response.status}`;
      throw PERMANENT_STATUSES.includes(response.status) ? new UndeliverableError(reason) : new Error(reason);
    },
  });
}

/** Parses `Name: value` lines; others are ignored. Names become lower case. */
export function headersIn(text: string): Record<string, string> {
  const pairs = text.split('\n').flatMap((line) => {
    const [, name, value] = /^([\w-]+):\s*(.*?)\s*$/.exec(line) ?? [];
    return name !== undefined && value !== undefined ? [[name.toLowerCase(), value] as const] : [];
  });
  return Object.fromEntries(pairs);
}

// opentelemetry-proto, logs.proto: SeverityNumber.
const SEVERITY: Readonly<Record<LogLevel, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17 };

/** opentelemetry-proto's ExportLogsServiceRequest in its JSON form. */
export function exportRequest(lines: readonly ForwardedLine[], resource: object): object {
  const logRecords = lines.map(({ entry, line }) => {
    // From the line, whose secrets are masked and whose texts are cut.
    const { time: _time, level: _level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return {
      timeUnixNano: `${entry.at}000000`,
      severityNumber: SEVERITY[entry.level],
      severityText: entry.level.toUpperCase(),
      body: anyValue(message),
      attributes: keyValues(fields),
    };
  });
  return {
    resourceLogs: [
      { resource: { attributes: keyValues(resource) }, scopeLogs: [{ scope: { name: 'ohf' }, logRecords }] },
    ],
  };
}

const keyValues = (fields: object): object[] =>
  Object.entries(fields).map(([key, value]: [string, unknown]) => ({ key, value: anyValue(value) }));

function anyValue(value: unknown): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  // 64-bit integers are text in protobuf's JSON.
  if (Number.isSafeInteger(value)) return { intValue: String(value) };
  if (typeof value === 'number') return { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  return typeof value === 'object' && value !== null ? { kvlistValue: { values: keyValues(value) } } : {};
}
