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

/** How a worker is watched from outside. */
export interface Health {
  readonly metrics: Metrics;
  /** From now on these decide whether the worker is ready, and this is what it tells of its events. */
  start(checks: Readonly<Record<string, ReadinessCheck>>, events: Pick<EventPipeline, 'health'>): void;
  close(): void;
}

/**
 * From the start on, serves health and metrics where `metrics.listen` says so, and logs the metrics for CloudWatch.
 * @throws ConfigurationError when the address can't be listened on
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
  const write = (members: object): void => logger.info('metrics', { ...members });
  const { namespace } = cloudWatch;
  if (namespace !== undefined && !isEnabled('info', logging.level))
    logger.warn(
      'metrics.cloudWatch.namespace has no effect: its lines are on the level info, see logging.level',
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
