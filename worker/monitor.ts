import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { monitorStart } from '../domain/monitor/start.ts';

/** It was ended by hand, or its namespace is new: nobody else would notice for long. */
const CHECK_MS = 60_000;

/** Makes sure, now and every minute, that the monitor of this provider instance runs. */
export function keepMonitor(
  client: Client,
  { deployment, name }: { readonly deployment: string; readonly name: string },
  onError: (error: unknown) => void,
): { stop(): void } {
  const { workflowType, workflowId, taskQueue, input, summary, details } = monitorStart(deployment, name);
  const start = (): void => {
    client.workflow
      .start(workflowType, {
        workflowId,
        taskQueue,
        args: [input],
        workflowIdConflictPolicy: 'USE_EXISTING',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        typedSearchAttributes: [{ key: defineSearchAttributeKey('HfProvider', 'KEYWORD'), value: name }],
        staticSummary: summary,
        staticDetails: details,
      })
      .catch(onError);
  };
  start();
  const timer = setInterval(start, CHECK_MS);
  return { stop: () => clearInterval(timer) };
}
