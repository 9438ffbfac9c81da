import { messageOf } from '../../domain/errors/messageOf.ts';
/**
 * @returns what it found, in a few words; `degraded` is a problem that an operator must fix but that delays no request
 * @throws Error when the check fails
 */
export type ReadinessCheck = (signal: AbortSignal) => Promise<string | { readonly degraded: string }>;

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
  /** Sets the checks. Until then the worker is starting, and not ready. */
  readonly setChecks: (checks: Readonly<Record<string, ReadinessCheck>>) => void;
  read(): Promise<Readiness>;
}

/** A check that takes longer has failed. */
const CHECK_TIMEOUT_MS = 3_000;
/** Limits how often AWS and Temporal are read, however often the pages are. */
const MAX_RESULT_AGE_MS = 5_000;

export function createReadiness(now: () => number = Date.now): ReadinessReader {
  let checks: Readonly<Record<string, ReadinessCheck>> = {
    started: () => Promise.reject(new Error('the worker is starting')),
  };
  let last: { readonly at: number; readonly result: Promise<Readiness> } | undefined;
  return {
    setChecks(next) {
      checks = next;
      last = undefined;
    },
    read() {
      if (last && now() - last.at < MAX_RESULT_AGE_MS) return last.result;
      const result = runAll(checks);
      last = { at: now(), result };
      return result;
    },
  };
}

async function runAll(checks: Readonly<Record<string, ReadinessCheck>>): Promise<Readiness> {
  const results = await Promise.all(Object.entries(checks).map(([name, check]) => runOne(name, check)));
  return {
    ready: results.every(({ ok }) => ok),
    degraded: results.some(({ degraded }) => degraded),
    checks: results,
  };
}

async function runOne(check: string, run: ReadinessCheck): Promise<CheckResult> {
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const timeout = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () =>
      reject(new Error(`no answer within ${CHECK_TIMEOUT_MS / 1_000} s`)),
    );
  });
  try {
    const result = await Promise.race([run(signal), timeout]);
    return typeof result === 'string'
      ? { check, ok: true, degraded: false, detail: result }
      : { check, ok: true, degraded: true, detail: result.degraded };
  } catch (error) {
    return {
      check,
      ok: false,
      degraded: false,
      detail: messageOf(error),
    };
  }
}
