import {
  DefaultLogger,
  makeTelemetryFilterString,
  Runtime,
  type Logger,
  type LogLevel,
} from '@temporalio/worker';

/** One JSON object a line on stdout, so that any collector can take it. */
export function createLogger(level: string): Logger {
  return new DefaultLogger(
    level.toUpperCase() as LogLevel,
    ({ level: severity, timestampNanos, message, meta }) => {
      const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
      process.stdout.write(`${JSON.stringify({ time, level: severity, message, ...meta }, plain)}\n`);
    },
  );
}

/** Has to run before anything else of the SDK's native part is made. It also traps SIGINT and SIGTERM. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  return value;
}
