import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { MonitorReport } from '../domain/monitor/messages.ts';
import { QUERY } from '../contract/messages.ts';
import { monitorStart } from '../contract/monitorStart.ts';

/** It was ended by hand, or its namespace is new: nobody else would notice for long. */
const CHECK_INTERVAL_MS = 60_000;

export interface MonitorObserver {
  /** The monitor could not be started or asked. */
  readonly onError: (error: unknown) => void;
  /** Codes of all alarms that are raised now. */
  readonly onAlarms: (codes: readonly string[]) => void;
}

/** Makes sure, now and every minute, that the monitor of this provider instance runs, and asks for its alarms. */
export function keepMonitorRunning(
  client: Client,
  { deployment, name }: { readonly deployment: string; readonly name: string },
  { onError, onAlarms }: MonitorObserver,
): { stop(): void } {
  const { workflowType, ...options } = monitorStartOptions(deployment, name);
  const ensureRunning = async (): Promise<void> => {
    const monitor = await client.workflow.start(workflowType, options);
    const { alarms } = await monitor.query<MonitorReport>(QUERY.report);
    onAlarms(alarms.map(({ code }) => code));
  };
  void ensureRunning().catch(onError);
  const timer = setInterval(() => void ensureRunning().catch(onError), CHECK_INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/** Of a start that leaves a monitor alone that runs already. */
export function monitorStartOptions(deployment: string, provider: string) {
  const { workflowType, workflowId, taskQueue, input, summary, details } = monitorStart(deployment, provider);
  return {
    workflowType,
    workflowId,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    typedSearchAttributes: [{ key: defineSearchAttributeKey('HfProvider', 'KEYWORD'), value: provider }],
    staticSummary: summary,
    staticDetails: details,
  };
}
