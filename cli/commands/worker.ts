import type { Environment } from '../../config/index.ts';

/** Runs the worker in this process; returns its exit code when it has stopped. */
export async function workerCommand(env: Environment): Promise<number> {
  const { runWorker } = await import('../../worker/main.ts');
  return runWorker({ ...env });
}
