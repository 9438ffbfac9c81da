import type { Client } from '@temporalio/client';
import type { Worker } from '@temporalio/worker';
import type { OpenProvider } from '../providers.ts';
import type { Check } from './readiness.ts';

/** What a worker needs to do its work. */
export function workerChecks(
  client: Client,
  lanes: readonly Worker[],
  cloud: OpenProvider,
): Readonly<Record<string, Check>> {
  return {
    temporal: (signal) => checkTemporal(client, signal),
    lanes: () => checkLanes(lanes),
    provider: async (signal) => {
      await cloud.check(signal);
      return 'readable';
    },
  };
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
