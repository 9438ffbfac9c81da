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
import { messageOf } from '../domain/errors/messageOf.ts';

/**
 * Runs the worker of one provider instance until SIGINT or SIGTERM. At a shutdown it finishes AWS calls in progress,
 * and waiting activities return to Temporal. Logs `worker ready` once it polls its task queues.
 * @returns the exit code: 0 after a shutdown, 1 when it could not start or failed
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
    if (notes.length > 0) logger.warn('some settings are ignored', { notes });
    installRuntime(logger);
    const health = await openHealth(config, logger);
    try {
      await serve(config, storageDirectory(config, env), logger, health);
    } finally {
      health.close();
    }
    return 0;
  } catch (error) {
    const message = messageOf(error);
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
      logger.warn('machines could not be read; the worker retries', { error });
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
    const running = workers.map((worker) => worker.run());
    health.start(workerChecks(client, workers, cloud, events, listener), events);
    const monitorKeeper = keepMonitorRunning(client, provider, {
      onError: (error) =>
        logger.warn('the monitor could not be started or queried; the worker retries', { error }),
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
  const callbacks: ListenerCallbacks = {
    onFailure: (reason) =>
      logger.warn('the interruption queue cannot be read; until it can, only sweeps notice lost machines', {
        reason,
      }),
    onRecovery: () => logger.info('the interruption queue can be read again'),
  };
  const instance = { deployment, provider: name };
  return listenForInterruptions(interruptionSource, instance, machines, client, callbacks);
}
