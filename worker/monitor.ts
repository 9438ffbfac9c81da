import type { Client } from '@temporalio/client';
import { HF_PROVIDER } from '../activities/owners/searchAttributeKeys.ts';
import { monitorStart, reportQuery } from '../contract/fleetMonitor.ts';

/** An operator may terminate the monitor, or the namespace may be new: nothing else would start it soon. */
const CHECK_INTERVAL_MS = 60_000;

export interface MonitorObserver {
  /** The monitor could not be started or queried. */
  readonly onError: (error: unknown) => void;
  /** Receives the codes of all alarms that are raised now. */
  readonly onAlarms: (codes: readonly string[]) => void;
}

/** Starts the monitor of this provider instance unless it runs, and reads its alarms: now and every minute. */
export function keepMonitorRunning(
  client: Client,
  { deployment, name }: { readonly deployment: string; readonly name: string },
  { onError, onAlarms }: MonitorObserver,
): { stop(): void } {
  const { workflowType, ...options } = monitorStartOptions(deployment, name);
  const ensureRunning = async (): Promise<void> => {
    const monitor = await client.workflow.start(workflowType, options);
    const { alarms } = reportQuery.parse(await monitor.query(reportQuery));
    onAlarms(alarms.map(({ code }) => code));
  };
  void ensureRunning().catch(onError);
  const timer = setInterval(() => void ensureRunning().catch(onError), CHECK_INTERVAL_MS);
  return { stop: () => clearInterval(timer) };
}

/** Start options with which a monitor that already runs is left as it is. */
export function monitorStartOptions(deployment: string, provider: string) {
  const { workflowType, workflowId, taskQueue, input, summary, details } = monitorStart(deployment, provider);
  return {
    workflowType,
    workflowId,
    taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    typedSearchAttributes: [{ key: HF_PROVIDER, value: provider }],
    staticSummary: summary,
    staticDetails: details,
  };
}
