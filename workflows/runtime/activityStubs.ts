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
 * Temporal retries an activity this long after its worker stopped. Every activity heartbeats every few seconds, so this
 * bounds the delay after a killed worker, not the duration of a slow call.
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
 * Temporal's Web UI shows `summary` beside the activity. Only activities that may be abandoned without harm have a
 * scheduleToClose timeout: it also runs while no worker polls, and an outage must not lose a launch or a machine. The
 * activities decide themselves when to stop retrying.
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
