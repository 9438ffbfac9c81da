import type { LogEntry } from '../fixtures/cloud/simulatorClient.ts';
import type { HostTable, Difference } from './hostFactory/hostTable.ts';
import type { CallRecord } from './hostFactory/calls.ts';

/** How the comparisons went. */
export interface Tally {
  comparisons: number;
  equal: number;
  /** ms that it took at most until something that was under way was settled. */
  longestMs: number;
}

/** One line for each operation: how many calls, how they ended, how long they took. */
export function callTable(records: readonly CallRecord[]): string {
  const operations = [...new Set(records.map(({ operation }) => operation))].toSorted();
  const rows = operations.map((operation) => {
    const calls = records.filter((record) => record.operation === operation);
    const count = (kind: CallRecord['kind']) => calls.filter((call) => call.kind === kind).length;
    const times = calls.filter(({ kind }) => kind !== 'lost').map(({ took }) => took);
    const sorted = times.toSorted((a, b) => a - b);
    const [median, most] = [sorted[Math.floor(sorted.length / 2)] ?? 0, sorted.at(-1) ?? 0];
    return [operation, calls.length, count('answered'), count('refused'), count('lost'), median, most];
  });
  return table([['call', 'calls', 'answered', 'refused', 'lost', 'median ms', 'max ms'], ...rows]);
}

function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? String(cell).padEnd(widths[0] ?? 0) : String(cell).padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n');
}

export function listOf(counts: ReadonlyMap<string, number>): string {
  const entries = [...counts].toSorted(([a], [b]) => a.localeCompare(b));
  return entries.length === 0 ? 'none' : entries.map(([what, count]) => `${what}: ${count}`).join('\n');
}

/** A difference with all that is known of it: what Host Factory believes, what AWS says, the last calls about it. */
export function explain(
  difference: Difference,
  hostTable: HostTable,
  records: readonly CallRecord[],
  log: readonly LogEntry[],
): string {
  const { kind, subject, text } = difference;
  const host = hostTable.hosts.get(subject);
  const request = hostTable.requests.get(host?.requestId ?? subject);
  const about = [subject, ...(host ? [host.name] : [])];
  const calls = records.filter(({ operation, kind: end, input, output }) => {
    if (operation === subject) return end === 'invalid';
    const all = JSON.stringify(input) + output;
    return about.some((each) => all.includes(each));
  });
  const effects = log.filter(
    ({ launched, terminated, params }) =>
      launched.includes(subject) || terminated.includes(subject) || JSON.stringify(params).includes(subject),
  );
  return [
    `${kind.toUpperCase()}: ${subject} ${text}`,
    ...(host || !request ? [`  Host Factory: ${host ? JSON.stringify(host) : 'knows no such host'}`] : []),
    ...(request ? [`  its request:  ${excerpt(JSON.stringify(request), about)}`] : []),
    ...effects
      .slice(-8)
      .map(({ seq, time, action, outcome, launched, terminated }) =>
        [
          `  AWS:  #${seq} ${time} ${action} ${outcome}`,
          `launched ${launched.length}`,
          `terminated ${terminated.length}`,
        ].join(', '),
      ),
    ...lastOfEach(calls).map(({ at, took, operation, kind: end, input, output }) => {
      const when = new Date(at).toISOString();
      return `  call: ${when} ${operation} ${end} in ${took} ms\n    <- ${excerpt(JSON.stringify(input), about)}\n    -> ${excerpt(output, about)}`;
    }),
  ].join('\n');
}

/** The last two of each operation. */
function lastOfEach(calls: readonly CallRecord[]): readonly CallRecord[] {
  const later = (call: CallRecord) =>
    calls.filter(({ operation, at }) => operation === call.operation && at > call.at);
  return calls.filter((call) => later(call).length < 2);
}

/** The beginning of a long text, and what stands around the first of these words in it. */
function excerpt(text: string, words: readonly string[]): string {
  if (text.length <= 600) return text.trim();
  const places = words.map((word) => text.indexOf(word)).filter((place) => place >= 0);
  const place = Math.min(...places, text.length);
  if (place < 300 || place === text.length) return `${text.slice(0, 600)}…`;
  return `${text.slice(0, 120)} … ${text.slice(place - 100, place + 350)} …`;
}
