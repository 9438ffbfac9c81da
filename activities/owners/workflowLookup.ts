import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { isOpenStatus } from '../../contract/workflowStatus.ts';

/** Limits the owners that one activity calls at the same time. */
export const MAX_CONCURRENT_OWNER_CALLS = 20;

/** The result of a call to a workflow; undefined if Temporal does not know the workflow or, for a signal, it is closed. */
export async function ifFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

export async function isWorkflowOpen(client: Client, workflowId: string): Promise<boolean> {
  const description = await ifFound(client.workflow.getHandle(workflowId).describe());
  return description !== undefined && isOpenStatus(description.status.name);
}
