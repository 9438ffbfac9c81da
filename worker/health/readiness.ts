/**
 * @returns what it found, in a few words; as `degraded` something that an operator has to mend and that holds up no
 * request
 * @throws when it does not hold
 */
export type Check = (signal: AbortSignal) => Promise<string | { readonly degraded: string }>;

export interface CheckResult {
  readonly check: string;
  readonly ok: boolean;
  readonly degraded: boolean;
  readonly detail: string;
}

export interface Readiness {
  readonly ready: boolean;
  readonly degraded: boolean;
  readonly checks: readonly CheckResult[];
}

export interface ReadinessReader {
  /** From now on these decide; before, the worker is starting and not ready. */
  readonly begin: (checks: Readonly<Record<string, Check>>) => void;
  read(): Promise<Readiness>;
}

/** A check that has not answered by then has failed. */
const PATIENCE_MS = 3_000;
/** However often somebody asks, AWS and Temporal are asked no oftener. */
const FRESH_MS = 5_000;

export function createReadiness(now: () => number = Date.now): ReadinessReader {
  let checks: Readonly<Record<string, Check>> = {
    started: () => Promise.reject(new Error('the worker is starting')),
  };
  let last: { readonly at: number; readonly result: Promise<Readiness> } | undefined;
  return {
    begin(next) {
      checks = next;
      last = undefined;
    },
    read() {
      if (last && now() - last.at < FRESH_MS) return last.result;
      const result = runAll(checks);
      last = { at: now(), result };
      return result;
    },
  };
}

async function runAll(checks: Readonly<Record<string, Check>>): Promise<Readiness> {
  const results = await Promise.all(Object.entries(checks).map(([name, check]) => runOne(name, check)));
  return {
    ready: results.every(({ ok }) => ok),
    degraded: results.some(({ degraded }) => degraded),
    checks: results,
  };
}

async function runOne(check: string, run: Check): Promise<CheckResult> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)));
  });
  try {
    const found = await Promise.race([run(signal), late]);
    return typeof found === 'string'
      ? { check, ok: true, degraded: false, detail: found }
      : { check, ok: true, degraded: true, detail: found.degraded };
  } catch (error) {
    return {
      check,
      ok: false,
      degraded: false,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}
