import * as z from 'zod/mini';
import { defineCommand } from '../operations/operation.ts';
import { importWorkerModule } from './shared/workerHost.ts';

/** Runs the worker in this process, until SIGINT or SIGTERM. */
export const operation = defineCommand({
  schema: () => z.object({}),
  scope: 'process',
  examples: ['worker'],
  run: async (_input, { env }) => {
    const { runWorker } = await importWorkerModule(() => import('../../worker/main.ts'));
    return { code: await runWorker({ ...env }) };
  },
  text: () => '',
  exitCode: ({ code }) => (code === 0 ? 0 : 1),
});
