import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObserver } from '../../activities/aws/client/awsCallMetrics.ts';
import type { SweepObserver } from '../../activities/monitor/sweep.ts';
import type { EventPipelineHealth } from '../pipeline/eventPipeline.ts';
import type { ActivityObserver } from './activities.ts';
import type { ReadinessReader } from './readiness.ts';

/** The worker's metrics. `npm run docs` generates the table of docs/monitoring.md from them. */
export interface Metrics {
  readonly registry: Registry;
  readonly calls: CallObserver;
  readonly activities: ActivityObserver;
  readonly sweeps: SweepObserver;
  /** Sets the alarms that are raised now. */
  readonly alarms: (codes: readonly string[]) => void;
}

export interface MetricsSettings {
  /** `deployment` and `provider` are labels of every metric. */
  readonly deployment: string;
  readonly provider: string;
  /** Seconds between two reads of all machines. */
  readonly sweepSeconds: number;
  readonly readiness: ReadinessReader;
  /** Undefined until the event pipeline is open. */
  readonly events: () => EventPipelineHealth | undefined;
}

/** Seconds. An AWS call takes a tenth of a second, the launch of a large fleet many seconds. */
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds. Waiting for machines is an activity too, and takes minutes. */
const ACTIVITY_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 180, 600, 1_800, 3_600];
/** One worker at a time sweeps. A worker that has not swept for this many intervals stops exporting machine counts. */
const SWEEPS_UNTIL_STALE = 5;

export function createMetrics(settings: MetricsSettings): Metrics {
  const { deployment, provider, sweepSeconds, readiness } = settings;
  const registry = new Registry();
  registry.setDefaultLabels({ deployment, provider });
  const registers = [registry];
  readinessMetric(registers, readiness);
  eventMetrics(registers, settings.events);
  return {
    registry,
    calls: callMetrics(registers),
    activities: activityMetrics(registers),
    sweeps: sweepMetrics(registers, SWEEPS_UNTIL_STALE * sweepSeconds),
    alarms: alarmMetric(registers),
  };
}

function readinessMetric(registers: Registry[], readiness: ReadinessReader): void {
  const ready: Gauge<'check'> = new Gauge({
    name: 'ohf_ready',
    help: 'The checks of /readyz: 1 passes, 0 fails.',
    labelNames: ['check'],
    registers,
    async collect() {
      const { checks } = await readiness.read();
      ready.reset();
      for (const { check, ok } of checks) ready.set({ check }, ok ? 1 : 0);
    },
  });
}

function eventMetrics(registers: Registry[], events: MetricsSettings['events']): void {
  const publishable = new Gauge({
    name: 'ohf_outbox_writable',
    help: 'Whether events can be written to disk: 1 yes; 0 no, and owners keep them.',
    registers,
    collect() {
      const health = events();
      if (health) publishable.set(health.error === undefined ? 1 : 0);
    },
  });
  const lag: Gauge<'handler'> = new Gauge({
    name: 'ohf_event_handler_lag',
    help: 'Events that a handler has not processed yet.',
    labelNames: ['handler'],
    registers,
    collect() {
      for (const handler of events()?.handlers ?? []) lag.set({ handler: handler.name }, handler.lag);
    },
  });
  const failing: Gauge<'handler'> = new Gauge({
    name: 'ohf_event_handler_failing_seconds',
    help: 'How long a handler has been failing, as the worker that dispatches to it measures; 0 while it works.',
    labelNames: ['handler'],
    registers,
    collect() {
      for (const { name, failingSince } of events()?.handlers ?? []) {
        const seconds = failingSince === undefined ? 0 : (Date.now() - failingSince) / 1_000;
        failing.set({ handler: name }, seconds);
      }
    },
  });
}

function callMetrics(registers: Registry[]): CallObserver {
  const duration = new Histogram({
    name: 'ohf_aws_request_duration_seconds',
    help: 'Requests to AWS except dry runs; each attempt counts; outcome is ok or the kind of error.',
    labelNames: ['action', 'outcome'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'ohf_aws_errors_total',
    help: "Requests that AWS rejected or did not answer, by AWS's code.",
    labelNames: ['action', 'code'],
    registers,
  });
  const throttles = new Counter({
    name: 'ohf_aws_throttles_total',
    help: 'Requests that AWS throttled, or rejected because another operation was in progress.',
    labelNames: ['action'],
    registers,
  });
  const retries = new Counter({
    name: 'ohf_aws_retries_total',
    help: 'Requests that the AWS SDK retried within one call.',
    labelNames: ['action'],
    registers,
  });
  const wait = new Histogram({
    name: 'ohf_aws_rate_limit_wait_seconds',
    help: "Time that a call waited in the worker to stay within AWS's request rate.",
    labelNames: ['action'],
    buckets: CALL_BUCKETS,
    registers,
  });
  return {
    onWait: (action, seconds) => wait.observe({ action }, seconds),
    onRequest({ action, attempt, seconds, error, subject }) {
      // A dry run tests a permission; the permission check reports what it finds.
      if (subject?.dryRun) return;
      duration.observe({ action, outcome: error?.kind ?? 'ok' }, seconds);
      if (attempt > 1) retries.inc({ action });
      if (!error) return;
      errors.inc({ action, code: error.providerCode });
      if (error.kind === 'throttled') throttles.inc({ action });
    },
  };
}

function activityMetrics(registers: Registry[]): ActivityObserver {
  const duration = new Histogram({
    name: 'ohf_activity_duration_seconds',
    help: 'Attempts of activities; outcome is completed, failed or cancelled.',
    labelNames: ['activity', 'outcome'],
    buckets: ACTIVITY_BUCKETS,
    registers,
  });
  const running = new Gauge({
    name: 'ohf_activities_running',
    help: 'Activities that run in this worker; awaitReady: requests that wait for machines to boot.',
    labelNames: ['activity'],
    registers,
  });
  const awaited = new Gauge({
    name: 'ohf_machines_awaited',
    help: 'Machines that activities of this worker wait for.',
    labelNames: ['activity'],
    registers,
  });
  return {
    onStart(activity, machines) {
      running.inc({ activity });
      if (machines > 0) awaited.inc({ activity }, machines);
    },
    onEnd(activity, machines, outcome, seconds) {
      running.dec({ activity });
      if (machines > 0) awaited.dec({ activity }, machines);
      duration.observe({ activity, outcome }, seconds);
    },
  };
}

function alarmMetric(registers: Registry[]): Metrics['alarms'] {
  const alarms = new Gauge({
    name: 'ohf_alarms',
    help: 'Alarms of the monitor: 1 for each that is raised; `ohf health` says what to do.',
    labelNames: ['alarm'],
    registers,
  });
  return (codes) => {
    alarms.reset();
    for (const alarm of codes) alarms.set({ alarm }, 1);
  };
}

function sweepMetrics(registers: Registry[], staleSeconds: number): SweepObserver {
  const now = (): number => Date.now() / 1_000;
  let sweptAt = Number.NEGATIVE_INFINITY;
  const machines = new Gauge({
    name: 'ohf_machines',
    help: 'Machines of this provider instance in AWS, by state, in the last sweep.',
    labelNames: ['state'],
    registers,
    collect() {
      if (now() - sweptAt > staleSeconds) this.reset();
    },
  });
  const ownerless = new Gauge({
    name: 'ohf_requests_ownerless',
    help: 'Requests whose machines are alive but have no open owner.',
    registers,
    collect() {
      if (now() - sweptAt > staleSeconds) this.reset();
    },
  });
  const swept = new Gauge({
    name: 'ohf_sweep_last_success_timestamp_seconds',
    help: 'When this worker last completed a sweep; 0 if it never did.',
    registers,
  });
  return (observations, ownerlessRequests) => {
    sweptAt = now();
    swept.set(sweptAt);
    machines.reset();
    for (const { state } of observations) machines.inc({ state });
    // Undefined in a worker's first sweep, which queries no owners.
    if (ownerlessRequests) ownerless.set(ownerlessRequests.size);
  };
}
