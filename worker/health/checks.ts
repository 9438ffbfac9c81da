import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { HandlerHealth } from '../../activities/events/outbox/dispatcher.ts';
import type { InterruptionListener } from '../interruptionListener.ts';
import type { EventPipeline } from '../pipeline/eventPipeline.ts';
import type { OpenProvider } from '../startup/providers.ts';
import type { ReadinessCheck } from './readiness.ts';

/** The checks of /readyz. */
export function workerChecks(
  client: Client,
  workers: readonly Worker[],
  cloud: OpenProvider,
  events: EventPipeline,
  listener?: InterruptionListener,
): Readonly<Record<string, ReadinessCheck>> {
  return {
    temporal: (signal) => checkTemporal(client, signal),
    taskQueues: () => checkWorkers(workers),
    provider: async (signal) => {
      await cloud.check(signal);
      return 'readable';
    },
    storage: () => checkStorage(events),
    eventHandlers: () => checkHandlers(events),
    ...(listener
      ? { interruptionListener: (signal) => checkInterruptionListener(cloud, listener, signal) }
      : {}),
  };
}

/** Without the interruption queue the worker still does all its work: the sweeps notice lost machines, later. */
async function checkInterruptionListener(
  { interruptionSource }: OpenProvider,
  { failureReason }: InterruptionListener,
  signal: AbortSignal,
) {
  const reason = failureReason();
  if (reason !== undefined)
    return { degraded: `the queue cannot be read, only sweeps notice lost machines: ${reason}` };
  const detail = await interruptionSource?.check(signal).catch((error: unknown) => String(error));
  return `readable; ${detail ?? ''}`;
}

async function checkTemporal({ connection, options: { namespace } }: Client, signal: AbortSignal) {
  const describe = () => connection.workflowService.describeNamespace({ namespace });
  await connection.withAbortSignal(signal, describe);
  return `namespace ${namespace}`;
}

async function checkWorkers(workers: readonly Worker[]): Promise<string> {
  const states = workers.map((worker) => [worker.options.taskQueue, worker.getState()] as const);
  const notPolling = states.filter(([, state]) => state !== 'RUNNING');
  if (notPolling.length === 0) return `${states.map(([queue]) => queue).join(', ')}: polled`;
  throw new Error(`not polled: ${notPolling.map(([queue, state]) => `${queue} (${state})`).join(', ')}`);
}

/** Owners keep events that cannot be published, so no request waits for the storage. */
async function checkStorage(events: EventPipeline): ReturnType<ReadinessCheck> {
  const { directory, error, damages } = events.health();
  if (error !== undefined) return { degraded: `events cannot be published: ${error}` };
  return damages.length > 0 ? { degraded: damages.join(' ') } : directory;
}

async function checkHandlers(events: EventPipeline): ReturnType<ReadinessCheck> {
  const { handlers } = events.health();
  const failing = handlers.filter(({ error }) => error !== undefined);
  if (failing.length > 0) return { degraded: failing.map(handlerFailureText).join('; ') };
  return handlers.map(({ name, lag }) => (lag > 0 ? `${name} (lag ${lag})` : name)).join(', ');
}

function handlerFailureText({ name, lag, failingSince = Date.now(), error = '' }: HandlerHealth): string {
  const seconds = Math.round((Date.now() - failingSince) / 1_000);
  return `'${name}' has been failing for ${seconds} s, with a lag of ${lag} events: ${error}`;
}
