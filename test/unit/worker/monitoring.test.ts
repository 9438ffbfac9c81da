import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { createMetrics } from '../../../worker/health/metrics.ts';
import { createReadiness } from '../../../worker/health/readiness.ts';

const FUNCTIONS = ['sum', 'min', 'max', 'rate', 'increase', 'time', 'histogram_quantile'];
/** What Prometheus itself adds, and prom-client's metrics of the process that the dashboard shows. */
const FOREIGN_LABELS = ['deployment', 'provider', 'instance', 'job', 'le'];
const FOREIGN_METRICS = ['up', 'process_resident_memory_bytes'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

describe('the alarm metric', () => {
  it('the alarm metric has a sample for each raised alarm and for no other', async () => {
    const settings = {
      deployment: 'd',
      provider: 'p',
      sweepSeconds: 60,
      readiness: createReadiness(),
      events: () => undefined,
    };
    const { registry, alarms } = createMetrics(settings);
    const raised = async () => {
      const text = await registry.getSingleMetricAsString('ohf_alarms');
      return [...text.matchAll(/alarm="(\w+)".* 1$/gm)].map(([, alarm]) => alarm);
    };
    alarms(['emptyHostList', 'foreignCluster']);
    assert.deepEqual(await raised(), ['emptyHostList', 'foreignCluster']);
    alarms(['foreignCluster']);
    assert.deepEqual(await raised(), ['foreignCluster']);
    alarms([]);
    assert.deepEqual(await raised(), []);
  });
});

describe('alert rules and dashboard', () => {
  const names = new Map<string, readonly string[]>(FOREIGN_METRICS.map((name) => [name, []]));
  before(async () => {
    const events = () => undefined;
    const settings = {
      deployment: 'd',
      provider: 'p',
      sweepSeconds: 60,
      readiness: createReadiness(),
      events,
    };
    const { registry } = createMetrics(settings);
    for (const { name, type } of await registry.getMetricsAsJSON()) {
      const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
      const parts = String(type) === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      for (const part of parts) names.set(name + part, labelNames);
    }
  });

  /** Checks names of metrics, functions and labels: a typing mistake in one would silence the alert. */
  function check(expr: string): void {
    assert.equal(expr.split('(').length, expr.split(')').length, `brackets of ${expr}`);
    const metrics: string[] = [];
    const labels = [...expr.matchAll(/(\w+)\s*=~?\s*"/g)].map(([, label = '']) => label);
    const rest = expr
      .replaceAll(/\{[^}]*\}/g, '')
      .replaceAll(/\bby\s*\(([^)]*)\)/g, (_match, list: string) => {
        labels.push(...list.split(',').map((label) => label.trim()));
        return '';
      });
    for (const [, name = '', call] of rest.matchAll(/(?<![\w[])([a-z_]\w*)\s*(\()?/gi)) {
      if (call !== undefined) assert.ok(FUNCTIONS.includes(name), `${name} is no function in ${expr}`);
      else metrics.push(name);
    }
    assert.ok(metrics.length > 0, `no metric in ${expr}`);
    for (const metric of metrics) {
      const own = names.get(metric);
      assert.ok(own, `the worker has no metric ${metric}: ${expr}`);
    }
    const known = [...FOREIGN_LABELS, ...metrics.flatMap((metric) => names.get(metric) ?? [])];
    for (const label of labels) assert.ok(known.includes(label), `no label ${label}: ${expr}`);
  }

  const read = (file: string) =>
    readFile(new URL(`../../../../docs/monitoring/${file}`, import.meta.url), 'utf8');

  it('the alert rules use only metrics and labels that the worker exports', async () => {
    const { groups } = load(await read('alerts.yml')) as { groups: readonly { rules: readonly Rule[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
    for (const rule of rules) {
      check(rule.expr);
      assert.match(rule.for, /^\d+m$/);
      assert.match(rule.labels.severity, /^(critical|warning)$/);
      assert.ok(rule.annotations.summary && rule.annotations.description, rule.alert);
    }
  });

  it('the dashboard panels use only metrics and labels that the worker exports', async () => {
    const { panels } = JSON.parse(await read('dashboard.json')) as { panels: readonly Panel[] };
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const { expr } of panels.flatMap(({ targets }) => targets)) check(expr);
  });

  for (const wrong of [
    'rate(ohf_aws_retry_total[5m])',
    'max by (stat) (ohf_machines)',
    'summe(ohf_machines)',
  ]) {
    it(`the check of metric expressions rejects ${wrong}`, () => assert.throws(() => check(wrong)));
  }
});
