import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../../contract/activities.ts';
import type { OwnerActivities, SweepActivities } from '../../contract/monitorActivities.ts';
import { taskQueuesFor } from '../../contract/taskQueues.ts';

/**
 * A worker that dies is noticed after this long. Every activity heartbeats by itself every few seconds,
 * so this is what a killed worker costs, not what a slow call may take.
 */
const HEARTBEAT_TIMEOUT = '12s';
const RETRY_POLICY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

const optionsFor = (
  queue: 'launch' | 'read' | 'terminate' | 'wait',
  options: ActivityOptions,
): ActivityOptions => ({
  taskQueue: taskQueuesFor(workflowInfo().taskQueue)[queue],
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: RETRY_POLICY,
  ...options,
});

/**
 * `summary` is what Temporal's Web UI shows beside the activity. Only what may be given up without harm has a
 * scheduleToClose timeout: that clock also runs while no worker is there, and a launch or a machine must not
 * be forgotten because of an outage. The activities themselves know when to stop trying.
 */
export const prepareStub = (summary: string, timeoutMs: number) =>
  proxyActivities<LaunchActivities>(
    optionsFor('launch', {
      summary,
      startToCloseTimeout: '2 minutes',
      scheduleToCloseTimeout: Math.max(timeoutMs, 1_000),
    }),
  );

export const launchStub = (summary: string) =>
  proxyActivities<LaunchActivities>(optionsFor('launch', { summary, startToCloseTimeout: '10 minutes' }));

export const readStub = (summary: string) =>
  proxyActivities<ReadActivities>(optionsFor('read', { summary, startToCloseTimeout: '5 minutes' }));

export const terminateStub = (summary: string) =>
  proxyActivities<TerminateActivities>(
    optionsFor('terminate', { summary, startToCloseTimeout: '2 minutes' }),
  );

export const waitStub = (summary: string) =>
  proxyActivities<WaitActivities>(optionsFor('wait', { summary, startToCloseTimeout: '1 day' }));

/** It reads AWS many times before it returns. */
export const sweepStub = (summary: string) =>
  proxyActivities<SweepActivities>(optionsFor('wait', { summary, startToCloseTimeout: '2 hours' }));

export const ownerStub = (summary: string) =>
  proxyActivities<OwnerActivities>(optionsFor('read', { summary, startToCloseTimeout: '5 minutes' }));
