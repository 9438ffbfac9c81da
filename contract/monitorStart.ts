import { monitorId } from './ids.ts';
import { WORKFLOW } from './messages.ts';
import { taskQueues } from './taskQueues.ts';
import type { MonitorInput } from '../domain/monitor/messages.ts';

/** How the monitor of a provider instance is started, by whoever finds that it does not run. */
export function monitorStart(deployment: string, provider: string) {
  const input: MonitorInput = { v: 1, deployment, provider };
  return {
    workflowType: WORKFLOW.monitor,
    workflowId: monitorId(deployment, provider),
    taskQueue: taskQueues(deployment, provider).workflows,
    input,
    summary: `watches the machines of ${provider}`,
    details: `Of deployment ${deployment}. Ended, it is started again by every worker within a minute.`,
  };
}
