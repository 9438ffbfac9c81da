import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import { createEventActivities } from '../activities/events/outbox/eventActivities.ts';
import { createActivities } from '../activities/index.ts';
import { gatherWorkerConfig, type Config, type ProviderConfig } from '../config/index.ts';
import { configOf } from '../config/load.ts';
import { OhfError } from '../domain/errors/errors.ts';
import {
  listenForInterruptions,
  type InterruptionListener,
  type ListenerCallbacks,
} from './interruptionListener.ts';
import { checkNamespace, rejectDevServer } from './startup/startupChecks.ts';
import { connect } from './startup/connection.ts';
import { openEventPipeline, type EventPipeline } from './pipeline/eventPipeline.ts';
import { workerChecks } from './health/checks.ts';
import { openHealth, type Health } from './health/health.ts';
import { createWorkers } from './startup/taskQueueWorkers.ts';
import { withRequestLog } from './startup/callLog.ts';
import { openBootstrapLog, openWorkerLog } from './startup/log.ts';
import { keepMonitorRunning } from './monitor.ts';
import { PROVIDERS, type OpenProvider } from './startup/providers.ts';
import { installRuntime, limitHeapGrowth } from './startup/runtime.ts';
import { storageDirectory } from './pipeline/storage.ts';
import type { UnacknowledgedRules } from '../domain/monitor/records.ts';

/**
 * Runs the worker of one provider instance until it is told to stop (SIGINT, SIGTERM): calls to AWS under
 * way are finished, waiting is handed back to Temporal. Prints `worker ready` when it takes work.
 * @returns the exit code: 0 after a stop, 1 when it could not start or failed
 */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<number> {
  limitHeapGrowth();
  let log = openBootstrapLog(env);
  try {
    const gathered = await gatherWorkerConfig(env);
    const config = configOf(gathered);
    log = await openWorkerLog(config, env);
    const { logger } = log;
    const { notes } = gathered;
    if (notes.length > 0) logger.warn('settings are ignored', { notes });
    installRuntime(logger);
    const health = await openHealth(config, logger);
    try {
      await serve(config, storageDirectory(config, env), logger, health);
    } finally {
      health.close();
    }
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.logger.error(message, error instanceof OhfError ? { code: error.code } : { error });
    return 1;
  } finally {
    await log.close();
  }
}

async function serve(config: Config, directory: string, logger: Logger, health: Health): Promise<void> {
  const { temporal, provider } = config;
  const { calls, sweeps, activities: observer } = health.metrics;
  const connection = await connect(temporal, logger);
  let cloud: OpenProvider | undefined;
  let listener: InterruptionListener | undefined;
  let events: EventPipeline | undefined;
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    await rejectDevServer(client, config);
    await checkNamespace(client, temporal.namespace);
    const onReadError = (error: unknown): void =>
      logger.warn('machines could not be read; trying again', { error });
    cloud = await PROVIDERS[provider.type](provider, {
      logger,
      onReadError,
      calls: withRequestLog(calls, logger),
    });
    listener = openListener(cloud, provider, client, logger);
    const sweep = {
      seconds: cloud.sweepSeconds,
      rules: unacknowledgedRules(config.unacknowledged),
      onError: onReadError,
      onSweepCompleted: sweeps,
      interruptionListenerError: () => listener?.failureReason(),
    };
    events = await openEventPipeline(config, directory, logger);
    const activities = createActivities(cloud.provider, client, sweep, createEventActivities(events));
    const workers = await createWorkers({
      connection,
      namespace: temporal.namespace,
      identity: `${process.pid}@${hostname()}`,
      deployment: provider.deployment,
      provider: provider.name,
      activities,
      observer,
    });
    const running = workers.map((lane) => lane.run());
    health.start(workerChecks(client, workers, cloud, events, listener), events);
    const monitorKeeper = keepMonitorRunning(client, provider, {
      onError: (error) => logger.warn('the monitor could not be started or asked; trying again', { error }),
      onAlarms: health.metrics.alarms,
    });
    logger.info('worker ready', {
      temporal: temporal.address,
      namespace: temporal.namespace,
      provider: provider.name,
      deployment: provider.deployment,
    });
    await Promise.all(running).finally(() => monitorKeeper.stop());
    logger.info('worker stopped');
  } finally {
    await listener?.stop();
    cloud?.close();
    await events?.close();
    await connection.close();
  }
}

const unacknowledgedRules = ({
  maxMissedLists,
  minAgeSeconds,
  breakerPercent,
}: Config['unacknowledged']): UnacknowledgedRules => ({
  maxMissedLists,
  minAgeMs: minAgeSeconds * 1_000,
  breakerShare: breakerPercent / 100,
});

function openListener(
  { interruptionSource, provider: { machines } }: OpenProvider,
  { deployment, name }: ProviderConfig,
  client: Client,
  logger: Logger,
): InterruptionListener | undefined {
  if (interruptionSource === undefined) return undefined;
  const events: ListenerCallbacks = {
    onFailure: (reason) =>
      logger.warn('what the cloud announces is not heard; the sweeps stand in', { reason }),
    onRecovery: () => logger.info('what the cloud announces is heard again'),
  };
  return listenForInterruptions(interruptionSource, { deployment, provider: name }, machines, client, events);
}
