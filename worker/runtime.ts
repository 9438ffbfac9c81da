import { makeTelemetryFilterString, Runtime, type Logger } from '@temporalio/worker';

/** Has to run before anything else of the SDK's native part is made. It also traps SIGINT and SIGTERM. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}
