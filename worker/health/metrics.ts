import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObserver } from '../../activities/aws/client/awsCallMetrics.ts';
import type { SweepObserver } from '../../activities/monitor/sweep.ts';
import type { EventPipelineHealth } from '../pipeline/eventPipeline.ts';
import type { ActivityObserver } from './activities.ts';
import type { ReadinessReader } from './readiness.ts';

/** What the worker counts and measures. `npm run docs` makes the table of docs/monitoring.md from it. */
export interface Metrics {
  readonly registry: Registry;
  readonly calls: CallObserver;
  readonly activities: ActivityObserver;
  readonly sweeps: SweepObserver;
  /** Takes the alarms that are raised now. */
  readonly alarms: (codes: readonly string[]) => void;
}

export interface MetricsSettings {
  /** Labels of every metric. */
  readonly deployment: string;
  readonly provider: string;
  /** Seconds between two reads of all machines. */
  readonly sweepSeconds: number;
  readonly readiness: ReadinessReader;
  /** Undefined until the worker has them. */
  readonly events: () => EventPipelineHealth | undefined;
}

/** A call to AWS takes a tenth of a second, a large fleet many. */
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Waiting for machines is an activity too, and takes minutes. */
const ACTIVITY_BUCKETS = [0.1, 0.5, 1, 5, 15, 60, 180, 600, 1_800, 3_600];
/** The sweep runs in one worker at a time: a worker that has not swept for so many sweeps tells nothing of machines. */
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
    help: 'The checks of /readyz: 1 holds, 0 does not.',
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
    name: 'ohf_events_publishable',
    help: 'Whether events can be put on disk: 1 yes, 0 no, and owners keep them.',
    registers,
    collect() {
      const health = events();
      if (health) publishable.set(health.error === undefined ? 1 : 0);
    },
  });
  const lag: Gauge<'handler'> = new Gauge({
    name: 'ohf_event_handler_lag',
    help: 'Events that a handler has not had yet.',
    labelNames: ['handler'],
    registers,
    collect() {
      for (const { name, lag: left } of events()?.handlers ?? []) lag.set({ handler: name }, left);
    },
  });
  const failing: Gauge<'handler'> = new Gauge({
    name: 'ohf_event_handler_failing_seconds',
    help: 'For how long a handler has failed, as the worker that tells it sees it; 0 while it works.',
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
    help: 'Requests to AWS but for dry runs, each attempt by itself; outcome is ok or the kind of error.',
    labelNames: ['action', 'outcome'],
    buckets: CALL_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'ohf_aws_errors_total',
    help: "Requests that AWS refused or did not answer, by AWS's code.",
    labelNames: ['action', 'code'],
    registers,
  });
  const throttles = new Counter({
    name: 'ohf_aws_throttles_total',
    help: 'Requests that AWS throttled, or refused because something else was under way.',
    labelNames: ['action'],
    registers,
  });
  const retries = new Counter({
    name: 'ohf_aws_retries_total',
    help: 'Requests that the AWS SDK sent again within one call.',
    labelNames: ['action'],
    registers,
  });
  const wait = new Histogram({
    name: 'ohf_aws_rate_limit_wait_seconds',
    help: "Time that a call waited in the worker so as not to overdraw AWS's request bucket.",
    labelNames: ['action'],
    buckets: CALL_BUCKETS,
    registers,
  });
  return {
    onWait: (action, seconds) => wait.observe({ action }, seconds),
    onRequest({ action, attempt, seconds, error, subject }) {
      // A dry run asks what the worker may do; that it may not is told elsewhere.
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
    help: 'Activities under way in this worker; awaitReady: requests that wait for machines to boot.',
    labelNames: ['activity'],
    registers,
  });
  const awaited = new Gauge({
    name: 'ohf_machines_awaited',
    help: 'Machines that the waiting activities of this worker watch.',
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
    help: 'Alarms of the monitor, 1 for each that is raised; `ohf health` says what to do.',
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
    help: 'Machines of this provider instance in AWS by state, as the last complete read showed them.',
    labelNames: ['state'],
    registers,
    collect() {
      if (now() - sweptAt > staleSeconds) this.reset();
    },
  });
  const ownerless = new Gauge({
    name: 'ohf_requests_ownerless',
    help: 'Requests whose machines are alive while no workflow owns them.',
    registers,
    collect() {
      if (now() - sweptAt > staleSeconds) this.reset();
    },
  });
  const swept = new Gauge({
    name: 'ohf_sweep_last_success_timestamp_seconds',
    help: 'When this worker last read all machines completely; 0 in a worker that never did.',
    registers,
  });
  return (observations, ownerlessRequests) => {
    sweptAt = now();
    swept.set(sweptAt);
    machines.reset();
    for (const { state } of observations) machines.inc({ state });
    // Owners are asked from the second sweep on.
    if (ownerlessRequests) ownerless.set(ownerlessRequests.size);
  };
}
