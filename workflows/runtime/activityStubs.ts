import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../../contract/activities.ts';
import type { InquiryActivities, MonitorActivities } from '../../contract/monitorActivities.ts';
import { lanesOf } from '../../contract/taskQueues.ts';

/**
 * A worker that dies is noticed after this long. Every activity heartbeats by itself every few seconds,
 * so this is what a killed worker costs, not what a slow call may take.
 */
const HEARTBEAT = '12s';
const RETRY = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '30s' } as const;

const on = (queue: 'launch' | 'read' | 'terminate' | 'wait', options: ActivityOptions): ActivityOptions => ({
  taskQueue: lanesOf(workflowInfo().taskQueue)[queue],
  heartbeatTimeout: HEARTBEAT,
  retry: RETRY,
  ...options,
});

/**
 * `summary` is what Temporal's Web UI shows beside the activity. Only what may be given up without harm has a
 * scheduleToClose timeout: that clock also runs while no worker is there, and a launch or a machine must not
 * be forgotten because of an outage. The activities themselves know when to stop trying.
 */
export const prepareLane = (summary: string, giveUpAfterMs: number) =>
  proxyActivities<LaunchActivities>(
    on('launch', {
      summary,
      startToCloseTimeout: '2 minutes',
      scheduleToCloseTimeout: Math.max(giveUpAfterMs, 1_000),
    }),
  );

export const launchLane = (summary: string) =>
  proxyActivities<LaunchActivities>(on('launch', { summary, startToCloseTimeout: '10 minutes' }));

export const readLane = (summary: string) =>
  proxyActivities<ReadActivities>(on('read', { summary, startToCloseTimeout: '5 minutes' }));

export const terminateLane = (summary: string) =>
  proxyActivities<TerminateActivities>(on('terminate', { summary, startToCloseTimeout: '2 minutes' }));

export const waitLane = (summary: string) =>
  proxyActivities<WaitActivities>(on('wait', { summary, startToCloseTimeout: '1 day' }));

/** It reads AWS many times before it returns. */
export const sweepLane = (summary: string) =>
  proxyActivities<MonitorActivities>(on('wait', { summary, startToCloseTimeout: '2 hours' }));

export const inquiryLane = (summary: string) =>
  proxyActivities<InquiryActivities>(on('read', { summary, startToCloseTimeout: '5 minutes' }));
