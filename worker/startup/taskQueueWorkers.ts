import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { taskQueues, type TaskQueues } from '../../contract/taskQueues.ts';
import { BUNDLE_PATH } from '../bundle.ts';
import { correlateActivities } from './callIdInterceptor.ts';
import { observeActivities, type ActivityObserver } from '../health/activities.ts';

export interface LaneSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly deployment: string;
  readonly provider: string;
  readonly activities: Activities;
  readonly observer: ActivityObserver;
}

/**
 * Activities of each lane at once. The rate of calls is limited where they are made (activities/aws/client/rateLimit.ts).
 * Waiting costs nothing but memory: a thousand waiting requests must not delay one return.
 */
const SLOTS: Readonly<Record<Exclude<keyof TaskQueues, 'workflows'>, number>> = {
  launch: 50,
  read: 50,
  terminate: 50,
  wait: 2_000,
};

/** Time that a call to AWS under way gets to end at a shutdown; waiting is handed back at once instead. */
const FINISH_CALLS = '20s';

export async function createLanes(settings: LaneSettings): Promise<Worker[]> {
  const { connection, namespace, identity, activities, observer } = settings;
  const queues = taskQueues(settings.deployment, settings.provider);
  const activityInterceptors = [observeActivities(observer), correlateActivities];
  const common = { connection, namespace, identity, shutdownForceTime: '30s' } as const;
  const workflows = Worker.create({
    ...common,
    taskQueue: queues.workflows,
    activities: { ...activities.events },
    interceptors: { activity: activityInterceptors },
    workflowBundle: { codePath: BUNDLE_PATH },
    maxConcurrentWorkflowTaskExecutions: 20,
    maxCachedWorkflows: 500,
  });
  const lanes = (['launch', 'read', 'terminate', 'wait'] as const).map((lane) =>
    Worker.create({
      ...common,
      maxConcurrentActivityTaskExecutions: SLOTS[lane],
      taskQueue: queues[lane],
      activities: { ...activities[lane] },
      interceptors: { activity: activityInterceptors },
      shutdownGraceTime: lane === 'wait' ? 0 : FINISH_CALLS,
    }),
  );
  return Promise.all([workflows, ...lanes]);
}
