import type { CallStats } from '../../../worker/health/callStats.ts';
import type { Readiness } from '../../../worker/health/readiness.ts';
import { isObject } from '../../../domain/isObject.ts';
import { messageOf } from '../../../domain/errors/messageOf.ts';

/** The content of a worker's page `/status`. */
export interface WorkerStatus extends Readiness {
  readonly stats: readonly CallStats[];
}

const STATUS_TIMEOUT_MS = 5_000;

/**
 * @param address `host:port`, where a worker serves its health
 * @throws Error with the reason if no worker answers
 */
export async function readWorkerStatus(address: string): Promise<WorkerStatus> {
  // A worker that listens on all addresses is reached on the loopback address.
  const host = address.replace(/^(0\.0\.0\.0|\[::\]):/, '127.0.0.1:');
  let answer: unknown;
  try {
    const response = await fetch(`http://${host}/status`, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    answer = await response.json();
  } catch (error) {
    throw new Error(`no worker answers at ${host}: ${causeMessage(error)}`, { cause: error });
  }
  if (!isObject(answer) || !Array.isArray(answer['checks']) || !Array.isArray(answer['stats']))
    throw new Error(`the server at ${host} is not a worker of this release`);
  return answer as unknown as WorkerStatus;
}

function causeMessage(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause);
}
