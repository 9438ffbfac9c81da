import { setFlagsFromString } from 'node:v8';
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

/** % by which V8 lets a heap grow beyond what lives in it before it collects; left alone that is several hundred MB. */
const HEAP_GROWTH_PERCENT = 30;

/** For the heaps of this thread and of those that run workflows. */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
