import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { HandlerHealth } from '../../activities/events/outbox/dispatcher.ts';
import type { Listener } from '../interruptionListener.ts';
import type { Events } from '../pipeline/eventPipeline.ts';
import type { OpenProvider } from '../startup/providers.ts';
import type { Check } from './readiness.ts';

/** What a worker needs to do its work. */
export function workerChecks(
  client: Client,
  lanes: readonly Worker[],
  cloud: OpenProvider,
  events: Events,
  listener?: Listener,
): Readonly<Record<string, Check>> {
  return {
    temporal: (signal) => checkTemporal(client, signal),
    lanes: () => checkLanes(lanes),
    provider: async (signal) => {
      await cloud.check(signal);
      return 'readable';
    },
    storage: () => checkStorage(events),
    handlers: () => checkHandlers(events),
    ...(listener ? { announcements: (signal) => checkHearing(cloud, listener, signal) } : {}),
  };
}

/** A worker that hears nothing still does all its work: the sweeps stand in. */
async function checkHearing({ announcements }: OpenProvider, { trouble }: Listener, signal: AbortSignal) {
  const reason = trouble();
  if (reason !== undefined) return { degraded: `not heard, the sweeps stand in: ${reason}` };
  const detail = await announcements?.check(signal).catch((error: unknown) => String(error));
  return `heard; ${detail ?? ''}`;
}

async function checkTemporal({ connection, options: { namespace } }: Client, signal: AbortSignal) {
  const describe = () => connection.workflowService.describeNamespace({ namespace });
  await connection.withAbortSignal(signal, describe);
  return `namespace ${namespace}`;
}

async function checkLanes(lanes: readonly Worker[]): Promise<string> {
  const states = lanes.map((lane) => [lane.options.taskQueue, lane.getState()] as const);
  const idle = states.filter(([, state]) => state !== 'RUNNING');
  if (idle.length === 0) return `${states.map(([queue]) => queue).join(', ')}: polled`;
  throw new Error(`not polled: ${idle.map(([queue, state]) => `${queue} (${state})`).join(', ')}`);
}

/** Owners keep what cannot be published, so no request is held up by it. */
async function checkStorage(events: Events): ReturnType<Check> {
  const { directory, error, damages } = events.health();
  if (error !== undefined) return { degraded: `events cannot be published: ${error}` };
  return damages.length > 0 ? { degraded: damages.join(' ') } : directory;
}

async function checkHandlers(events: Events): ReturnType<Check> {
  const { handlers } = events.health();
  const failing = handlers.filter(({ error }) => error !== undefined);
  if (failing.length > 0) return { degraded: failing.map(failureText).join('; ') };
  return handlers.map(({ name, behind }) => (behind > 0 ? `${name} (${behind} behind)` : name)).join(', ');
}

function failureText({ name, behind, failingSince = Date.now(), error = '' }: HandlerHealth): string {
  const seconds = Math.round((Date.now() - failingSince) / 1_000);
  return `'${name}' has failed for ${seconds} s and is ${behind} events behind: ${error}`;
}
