import type { Registry } from 'prom-client';

/** Count, failures and mean duration of one kind of work since the worker started. */
export interface CallStats {
  readonly kind: 'AWS' | 'activity';
  readonly name: string;
  readonly calls: number;
  /** Failed calls among `calls`. An activity that moved to another worker counts as a success. */
  readonly failed: number;
  readonly meanSeconds: number;
}

const SOURCES = [
  { metric: 'ohf_aws_request_duration_seconds', kind: 'AWS', label: 'action', good: ['ok'] },
  {
    metric: 'ohf_activity_duration_seconds',
    kind: 'activity',
    label: 'activity',
    good: ['completed', 'cancelled'],
  },
] as const;

/** Reads the statistics of each AWS action and each activity from the metrics. */
export async function readCallStats(registry: Registry): Promise<readonly CallStats[]> {
  const all = await registry.getMetricsAsJSON();
  return SOURCES.flatMap(({ metric, kind, label, good }) => {
    const { values = [] } = all.find(({ name }) => name === metric) ?? {};
    const totals = new Map<string, { calls: number; failed: number; seconds: number }>();
    for (const { value, labels, metricName } of values as readonly HistogramValue[]) {
      const name = String(labels[label]);
      const total = totals.get(name) ?? { calls: 0, failed: 0, seconds: 0 };
      const isSuccess = good.some((outcome) => outcome === labels['outcome']);
      if (metricName === `${metric}_sum`) total.seconds += value;
      if (metricName === `${metric}_count`) {
        total.calls += value;
        if (!isSuccess) total.failed += value;
      }
      totals.set(name, total);
    }
    return [...totals]
      .map(([name, { calls, failed, seconds }]) => ({
        kind,
        name,
        calls,
        failed,
        meanSeconds: seconds / calls,
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  });
}

interface HistogramValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  readonly metricName?: string;
}
