import type { HostTable, Difference } from './hostFactory/hostTable.ts';
import type { Timers } from './options.ts';

const MINUTE = 60_000;

/** How long things may take. Faults make them longer: a launch in doubt is settled by the first look after 20 minutes. */
export interface Bounds {
  /** ms for which AWS and the host table may differ while something is open. */
  settle(kind: Difference['kind']): number;
  /** Requests and returns that are open for too long. */
  late(hostTable: HostTable, now: number): Difference[];
  /** ms from the end of demand until everything is given back. */
  readonly drainMs: number;
}

export function boundsFor({ deadlineSeconds, sweepSeconds }: Timers, faults: boolean): Bounds {
  const createMs = deadlineSeconds * 1_000 + (faults ? 21 * MINUTE : MINUTE);
  const returnMs = faults ? 15 * MINUTE : 2 * MINUTE;
  return {
    // A machine that is taken away is found by the second read of all machines at the latest.
    settle: (kind) => (kind === 'gone' ? 2_000 * sweepSeconds : 0) + (faults ? 3 * MINUTE : MINUTE / 2),
    late: (hostTable, now) => [
      ...[...hostTable.requests.values()].flatMap(({ requestId, sentAt, endedAt }) =>
        late(requestId, (endedAt ?? now) - sentAt, createMs),
      ),
      ...[...hostTable.returns.values()].flatMap(({ returnId, sentAt, endedAt }) =>
        late(returnId, (endedAt ?? now) - sentAt, returnMs),
      ),
    ],
    drainMs: createMs + returnMs,
  };
}

function late(subject: string, ms: number, boundMs: number): Difference[] {
  if (ms <= boundMs) return [];
  const seconds = Math.round(ms / 1_000);
  return [
    { kind: 'late', subject, text: `has been open for ${seconds} s; its bound is ${boundMs / 1_000} s` },
  ];
}
