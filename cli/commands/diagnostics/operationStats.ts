import { open } from 'node:fs/promises';

/** Statistics of the calls of one operation in this host's log. */
export interface OperationStats {
  readonly kind: 'operation';
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  readonly meanSeconds: number;
}

/** The end of the log is enough: it contains thousands of calls. */
const MAX_TAIL_BYTES = 2 << 20;

/**
 * Reads duration and success of each operation with a success in the log. Queries log successes only at level `debug`,
 * so their failures alone would mislead.
 * @returns an empty list if there is no log
 */
export async function readOperationStats(path: string): Promise<readonly OperationStats[]> {
  const totals = new Map<string, { calls: number; failed: number; ms: number }>();
  for (const line of (await readTail(path)).split('\n')) {
    const call = parseCall(line);
    if (!call) continue;
    const total = totals.get(call.operation) ?? { calls: 0, failed: 0, ms: 0 };
    total.calls += 1;
    if (call.level === 'error') total.failed += 1;
    total.ms += call.ms;
    totals.set(call.operation, total);
  }
  return [...totals]
    .filter(([, { calls, failed }]) => calls > failed)
    .map(([name, { calls, failed, ms }]): OperationStats => ({
      kind: 'operation',
      name,
      calls,
      failed,
      meanSeconds: ms / calls / 1_000,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Only the last line of a call has its duration. A torn line is ignored. */
function parseCall(line: string): { operation: string; level: string; ms: number } | undefined {
  try {
    const { operation, level, ms } = JSON.parse(line) as Record<string, unknown>;
    if (typeof operation !== 'string' || typeof level !== 'string' || typeof ms !== 'number')
      return undefined;
    return { operation, level, ms };
  } catch {
    return undefined;
  }
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - MAX_TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
