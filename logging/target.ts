import { isEnabled, formatLine, type LogEntry } from './line.ts';
import type { LogLevel } from '../config/config.ts';

/** A destination of log lines. It never throws and never makes the writer wait. */
export interface LogTarget {
  readonly write: (entry: LogEntry, line: string) => void;
  /** Delivers what is queued, within a few seconds. */
  readonly close: () => Promise<void>;
}

/** How a target reports its health. The other targets get one line when it starts to fail and one when it recovers. */
export interface TargetCallbacks {
  readonly onFailure: (error: unknown) => void;
  readonly onSuccess: () => void;
  /** The target will never receive this line. */
  readonly onLineLost: () => void;
}

export interface TargetDefinition {
  /** For people, e.g. `syslog at udp://127.0.0.1:514`. */
  readonly name: string;
  readonly open: (callbacks: TargetCallbacks) => LogTarget;
}

export interface FanOut {
  readonly write: (entry: LogEntry) => void;
  readonly close: () => Promise<void>;
}

/** Writes each line to all targets; a failing target neither stops nor delays the others. */
export function fanOut(
  level: LogLevel,
  redact: (text: string) => string,
  definitions: readonly TargetDefinition[],
): FanOut {
  const write = (entry: LogEntry, except?: LogTarget): void => {
    if (!isEnabled(entry.level, level)) return;
    const line = formatLine(entry, redact);
    for (const target of targets) if (target !== except) target.write(entry, line);
  };
  const targets: readonly LogTarget[] = definitions.map(({ name, open }) => {
    let failingSince: number | undefined;
    let lost = 0;
    const logToOthers = (entry: Omit<LogEntry, 'at'>): void => write({ at: Date.now(), ...entry }, target);
    const target: LogTarget = open({
      onFailure(error) {
        if (failingSince !== undefined) return;
        failingSince = Date.now();
        logToOthers({
          level: 'error',
          message: `${name} does not accept log lines; the worker goes on without it`,
          fields: { error },
        });
      },
      onSuccess() {
        if (failingSince === undefined) return;
        const fields = { seconds: Math.round((Date.now() - failingSince) / 1_000), lost };
        failingSince = undefined;
        lost = 0;
        logToOthers({ level: 'warn', message: `${name} accepts log lines again`, fields });
      },
      onLineLost: () => void (lost += 1),
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
