import type { Logger } from '@temporalio/worker';
import { collectDefaultMetrics } from 'prom-client';
import type { Config } from '../../config/index.ts';
import { isEnabled } from '../../logging/line.ts';
import { logMetrics } from './cloudWatch.ts';
import { jsonPage, servePages, type PageServer } from './http.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { EventPipeline, EventPipelineHealth } from '../pipeline/eventPipeline.ts';
import { readCallStats } from './callStats.ts';
import { createReadiness, type ReadinessCheck, type ReadinessReader } from './readiness.ts';

/** A worker's metrics, and the pages and log lines that show them outside. */
export interface Health {
  readonly metrics: Metrics;
  /** Sets the checks that decide whether the worker is ready, and the source of the event metrics. */
  start(checks: Readonly<Record<string, ReadinessCheck>>, events: Pick<EventPipeline, 'health'>): void;
  close(): void;
}

/**
 * Serves health and metrics at `metrics.listen`, and logs the metrics for CloudWatch if it is configured.
 * @throws ConfigurationError when the worker cannot listen on the address
 */
export async function openHealth(config: Config, logger: Logger): Promise<Health> {
  const { metrics: settings, provider, logging } = config;
  const readiness = createReadiness();
  let events: (() => EventPipelineHealth) | undefined;
  const metrics = createMetrics({
    deployment: provider.deployment,
    provider: provider.name,
    sweepSeconds: provider.aws.sweepSeconds,
    readiness,
    events: () => events?.(),
  });
  const { listen, cloudWatch } = settings;
  const server = listen === undefined ? undefined : await serve(listen, metrics, readiness);
  const write = (fields: object): void => logger.info('metrics', { ...fields });
  const { namespace } = cloudWatch;
  if (namespace !== undefined && !isEnabled('info', logging.level))
    logger.warn(
      'metrics.cloudWatch.namespace has no effect: its lines have level info, which logging.level suppresses',
    );
  const cloudWatchLog =
    namespace === undefined ? undefined : logMetrics(metrics.registry, { namespace, write });
  return {
    metrics,
    start(checks, source) {
      events = () => source.health();
      readiness.setChecks(checks);
    },
    close() {
      server?.close();
      cloudWatchLog?.close();
    },
  };
}

function serve(listen: string, { registry }: Metrics, readiness: ReadinessReader): Promise<PageServer> {
  collectDefaultMetrics({ register: registry });
  return servePages(listen, {
    '/healthz': async () => jsonPage(200, { status: 'alive' }),
    async '/readyz'() {
      const state = await readiness.read();
      return jsonPage(state.ready ? 200 : 503, state);
    },
    async '/status'() {
      return jsonPage(200, { ...(await readiness.read()), stats: await readCallStats(registry) });
    },
    '/metrics': async () => ({
      status: 200,
      contentType: registry.contentType,
      body: await registry.metrics(),
    }),
  });
}
