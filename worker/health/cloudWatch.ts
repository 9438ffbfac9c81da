import type { Registry } from 'prom-client';

export interface CloudWatchSettings {
  /** CloudWatch's namespace for the metrics. */
  readonly namespace: string;
  /** Writes one log line with these fields. */
  readonly write: (fields: object) => void;
}

const INTERVAL_MS = 60_000;

/**
 * Writes the metrics into the log every minute, in CloudWatch's embedded metric format. Where the log is shipped to
 * CloudWatch Logs, CloudWatch extracts them, and the worker needs no permission and no connection for it.
 */
export function logMetrics(registry: Registry, { namespace, write }: CloudWatchSettings) {
  const previous = new Map<string, number>();
  const flush = async (): Promise<void> => {
    const samples = toSamples(await registry.getMetricsAsJSON(), previous);
    for (const line of toEmfLines(samples, namespace, Date.now())) write(line);
  };
  // After a failure the next interval writes the increase of both.
  const timer = setInterval(() => void flush().catch(() => undefined), INTERVAL_MS).unref();
  return { flush, close: () => clearInterval(timer) };
}

type Labels = Readonly<Record<string, string | number | undefined>>;

interface Metric {
  readonly name: string;
  /** A string such as `gauge`; prom-client's types declare an enum. */
  readonly type: unknown;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Labels;
    readonly metricName?: string;
  }[];
}

interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** CloudWatch adds up its samples, so it gets the increase of counts and sums since the previous line. */
function toSamples(metrics: readonly Metric[], previous: Map<string, number>): Sample[] {
  return metrics
    .filter(({ name }) => name.startsWith('ohf_'))
    .flatMap(({ name, type, values }) =>
      values.flatMap(({ value, labels, metricName = name }): Sample[] => {
        if (type === 'gauge') return [{ name, labels, value }];
        if (metricName.endsWith('_bucket')) return [];
        const key = `${metricName} ${JSON.stringify(labels)}`;
        const increase = value - (previous.get(key) ?? 0);
        previous.set(key, value);
        return increase > 0 ? [{ name: metricName, labels, value: increase }] : [];
      }),
    );
}

/**
 * One line for each set of labels, because a line has one set of dimensions:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function toEmfLines(samples: readonly Sample[], Namespace: string, Timestamp: number): object[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  return [...groups.values()].map((group) => {
    const labels = group[0]?.labels ?? {};
    const Metrics = group.map(({ name }) => ({ Name: name, Unit: unitOf(name) }));
    return {
      _aws: {
        Timestamp,
        CloudWatchMetrics: [{ Namespace, Dimensions: [Object.keys(labels)], Metrics }],
      },
      ...labels,
      ...Object.fromEntries(group.map(({ name, value }) => [name, value])),
    };
  });
}

function unitOf(name: string): 'Seconds' | 'Count' | 'None' {
  if (/_(total|count)$/.test(name)) return 'Count';
  return /_seconds(_sum)?$/.test(name) ? 'Seconds' : 'None';
}
