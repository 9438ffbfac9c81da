import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { taskQueues } from '../../contract/taskQueues.ts';
import type { ProviderInstance } from '../provider.ts';
import { MACHINE_REQUEST } from '../../contract/machineRequest.ts';

/** List filter for open workflows. */
export const IS_OPEN = 'ExecutionStatus = "Running"';

/**
 * Lists the owners and adopters of a provider instance that match a visibility filter. Visibility lags by about a
 * second.
 */
export function listOwners(
  client: Client,
  { deployment, provider }: ProviderInstance,
  condition: string,
): AsyncIterable<WorkflowExecutionInfo> {
  const taskQueue = taskQueues(deployment, provider).workflows;
  const query = `TaskQueue = "${taskQueue}" AND WorkflowType = "${MACHINE_REQUEST}" AND ${condition}`;
  return client.workflow.list({ query, pageSize: 1_000 });
}
