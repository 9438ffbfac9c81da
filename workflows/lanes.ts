import { proxyActivities, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type {
  LaunchActivities,
  ReadActivities,
  TerminateActivities,
  WaitActivities,
} from '../domain/activities.ts';
import { lanesOf } from '../domain/shared/queues.ts';

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

/** `summary` is what Temporal's Web UI shows beside the activity; times are ms. */
export const launchLane = (summary: string, giveUpAfter: number) =>
  proxyActivities<LaunchActivities>(
    on('launch', {
      summary,
      startToCloseTimeout: '2 minutes',
      scheduleToCloseTimeout: Math.max(giveUpAfter, 1_000),
    }),
  );

export const readLane = (summary: string) =>
  proxyActivities<ReadActivities>(on('read', { summary, startToCloseTimeout: '5 minutes' }));

export const terminateLane = (summary: string, giveUpAfter: number) =>
  proxyActivities<TerminateActivities>(
    on('terminate', { summary, startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: giveUpAfter }),
  );

export const waitLane = (summary: string, startToCloseTimeout: number, giveUpAfter?: number) =>
  proxyActivities<WaitActivities>(
    on('wait', {
      summary,
      startToCloseTimeout,
      ...(giveUpAfter === undefined ? {} : { scheduleToCloseTimeout: giveUpAfter }),
    }),
  );
