import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
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
  const metrics = createMetrics({ sweepSeconds: provider.aws.sweepSeconds });
  const readiness = createReadiness();
  registerReadiness(metrics.registry, readiness);
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

function registerReadiness(registry: Registry, readiness: ReadinessReader): void {
  const gauge: Gauge<'check'> = new Gauge({
    name: 'ohf_ready',
    help: 'The checks of /readyz: 1 holds, 0 does not.',
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      const { checks } = await readiness.read();
      gauge.reset();
      for (const { check, ok } of checks) gauge.set({ check }, ok ? 1 : 0);
    },
  });
}
