import { isWorth, lineOf, type LogEntry } from './line.ts';
import type { LogLevel } from '../config/config.ts';

/** Somewhere that lines go. Nothing of it throws or makes the writer wait. */
export interface LogTarget {
  readonly write: (entry: LogEntry, line: string) => void;
  /** Hands over what is left, for a short time at most. */
  readonly close: () => Promise<void>;
}

/** What a target tells of itself. Its own lines of that go to the others, once for each time that it is out. */
export interface TargetHealth {
  readonly failed: (error: unknown) => void;
  readonly worked: () => void;
  /** A line that it will never have. */
  readonly lost: () => void;
}

export interface TargetSettings {
  /** For people, e.g. `syslog at udp://127.0.0.1:514`. */
  readonly name: string;
  readonly open: (health: TargetHealth) => LogTarget;
}

export interface FanOut {
  readonly write: (entry: LogEntry) => void;
  readonly close: () => Promise<void>;
}

/** Writes each line to all targets; one that is out of order neither stops nor delays the others. */
export function fanOut(
  level: LogLevel,
  hide: (text: string) => string,
  settings: readonly TargetSettings[],
): FanOut {
  const write = (entry: LogEntry, except?: LogTarget): void => {
    if (!isWorth(entry.level, level)) return;
    const line = lineOf(entry, hide);
    for (const target of targets) if (target !== except) target.write(entry, line);
  };
  const targets: readonly LogTarget[] = settings.map(({ name, open }) => {
    let since: number | undefined;
    let lost = 0;
    const tell = (entry: Omit<LogEntry, 'at'>): void => write({ at: Date.now(), ...entry }, target);
    const target: LogTarget = open({
      failed(error) {
        if (since !== undefined) return;
        since = Date.now();
        tell({ level: 'error', message: `${name} takes no log lines; work goes on`, fields: { error } });
      },
      worked() {
        if (since === undefined) return;
        const fields = { seconds: Math.round((Date.now() - since) / 1_000), lost };
        since = undefined;
        lost = 0;
        tell({ level: 'warn', message: `${name} takes log lines again`, fields });
      },
      lost: () => void (lost += 1),
    });
    return target;
  });
  return {
    write,
    async close() {
      await Promise.all(targets.map((target) => target.close()));
    },
  };
}
