import { collectDefaultMetrics } from 'prom-client';
import type { Config } from '../../config/index.ts';
import { jsonPage, servePages } from './http.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createReadiness, type ReadinessReader } from './readiness.ts';

/** How a worker is watched from outside. */
export interface Health {
  readonly metrics: Metrics;
  readonly begin: ReadinessReader['begin'];
  readonly close: () => void;
}

/**
 * Serves health and metrics from the start on, where `metrics.listen` says so; else nobody listens.
 * @throws ConfigurationError when the address can't be listened on
 */
export async function openHealth({ metrics: settings, provider }: Config): Promise<Health> {
  const readiness = createReadiness();
  const metrics = createMetrics({
    deployment: provider.deployment,
    provider: provider.name,
    sweepSeconds: provider.aws.sweepSeconds,
    readiness,
  });
  const { begin } = readiness;
  if (settings.listen === undefined) return { metrics, begin, close: () => {} };
  collectDefaultMetrics({ register: metrics.registry });
  const { close } = await servePages(settings.listen, {
    '/healthz': async () => jsonPage(200, { status: 'alive' }),
    async '/readyz'() {
      const state = await readiness.read();
      return jsonPage(state.ready ? 200 : 503, state);
    },
    '/metrics': async () => ({
      status: 200,
      contentType: metrics.registry.contentType,
      body: await metrics.registry.metrics(),
    }),
  });
  return { metrics, begin, close };
}
