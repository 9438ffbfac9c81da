import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';

/** A worker for the bare workflow, with the same number of workflow slots as the product's worker. */
const connection = await NativeConnection.connect({ address: process.argv[2] });
const echo = async (text) => text;
const worker = await Worker.create({
  connection,
  taskQueue: 'bare',
  workflowsPath: fileURLToPath(new URL('bareWorkflow.mjs', import.meta.url)),
  activities: { first: echo, second: echo },
  maxConcurrentWorkflowTaskExecutions: 20,
  maxCachedWorkflows: 500,
});
process.stdout.write('worker ready\n');
await worker.run();
