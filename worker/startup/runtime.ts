import { setFlagsFromString } from 'node:v8';
import { makeTelemetryFilterString, Runtime, type Logger } from '@temporalio/worker';

/** Must run before anything else uses the SDK's native part. It also traps SIGINT and SIGTERM. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    logger,
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
}

/** How far, in %, a heap may outgrow its live objects before V8 collects garbage; the default lets it grow by several hundred MB. */
const HEAP_GROWTH_PERCENT = 30;

/** Applies to the heaps of this thread and of the threads that run workflows. */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
