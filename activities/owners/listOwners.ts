import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { WORKFLOW } from '../../contract/messages.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import type { ProviderInstance } from '../provider.ts';

/** Those that are open. */
export const IS_OPEN = 'ExecutionStatus = "Running"';

/**
 * The requests and adopters of a provider instance for which a condition of Temporal's list filters holds. Lists lag a
 * second or so behind the workflows.
 */
export function listOwners(
  client: Client,
  { deployment, provider }: ProviderInstance,
  condition: string,
): AsyncIterable<WorkflowExecutionInfo> {
  const taskQueue = taskQueues(deployment, provider).workflows;
  const query = `TaskQueue = "${taskQueue}" AND WorkflowType = "${WORKFLOW.request}" AND ${condition}`;
  return client.workflow.list({ query, pageSize: 1_000 });
}
