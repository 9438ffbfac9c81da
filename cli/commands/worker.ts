import { importWorkerModule } from './shared/workerHost.ts';
import type { Command } from '../args/command.ts';

/** Runs the worker in this process, until it is told to stop. */
export const run: Command = async (_input, env) => {
  const { runWorker } = await importWorkerModule(() => import('../../worker/main.ts'));
  return runWorker({ ...env });
};
