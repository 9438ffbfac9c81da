import { markdownTable } from './markdown-table.mjs';

/** The table of docs/monitoring.md. */
export async function metricTables({ createMetrics }) {
  const { registry } = createMetrics({
    deployment: '',
    provider: '',
    sweepSeconds: 60,
    readiness: { setChecks() {}, read: async () => ({ ready: true, degraded: false, checks: [] }) },
    events: () => undefined,
  });
  const rows = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => {
    const labels = registry.getSingleMetric(name).labelNames.filter((label) => label !== 'le');
    return [`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', '), help.replace(/\.$/, '')];
  });
  return { metrics: markdownTable(['metric', 'type', 'labels', 'meaning'], rows) };
}
