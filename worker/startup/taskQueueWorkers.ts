import { Worker, type NativeConnection } from '@temporalio/worker';
import type { Activities } from '../../activities/index.ts';
import { taskQueues, type TaskQueues } from '../../contract/taskQueues.ts';
import { BUNDLE_PATH } from '../bundle.ts';
import { callIdInterceptor } from './callIdInterceptor.ts';
import { observeActivities, type ActivityObserver } from '../health/activities.ts';

export interface WorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly deployment: string;
  readonly provider: string;
  readonly activities: Activities;
  readonly observer: ActivityObserver;
}

/**
 * Concurrent activities of each task queue. The AWS client limits the rate of calls (activities/aws/client/rateLimit.ts).
 * A waiting activity costs only memory, and a thousand waiting requests must not delay one return.
 */
const MAX_CONCURRENT_ACTIVITIES: Readonly<Record<Exclude<keyof TaskQueues, 'workflows'>, number>> = {
  launch: 50,
  read: 50,
  terminate: 50,
  wait: 2_000,
};

/** How long an AWS call in progress may take to finish at a shutdown; waiting activities get no grace time. */
const SHUTDOWN_GRACE_TIME = '20s';

export async function createWorkers(settings: WorkersOptions): Promise<Worker[]> {
  const { connection, namespace, identity, activities, observer } = settings;
  const queues = taskQueues(settings.deployment, settings.provider);
  const activityInterceptors = [observeActivities(observer), callIdInterceptor];
  const common = { connection, namespace, identity, shutdownForceTime: '30s' } as const;
  const workflowWorker = Worker.create({
    ...common,
    taskQueue: queues.workflows,
    activities: { ...activities.events },
    interceptors: { activity: activityInterceptors },
    workflowBundle: { codePath: BUNDLE_PATH },
    maxConcurrentWorkflowTaskExecutions: 20,
    maxCachedWorkflows: 500,
  });
  const activityWorkers = (['launch', 'read', 'terminate', 'wait'] as const).map((queue) =>
    Worker.create({
      ...common,
      maxConcurrentActivityTaskExecutions: MAX_CONCURRENT_ACTIVITIES[queue],
      taskQueue: queues[queue],
      activities: { ...activities[queue] },
      interceptors: { activity: activityInterceptors },
      shutdownGraceTime: queue === 'wait' ? 0 : SHUTDOWN_GRACE_TIME,
    }),
  );
  return Promise.all([workflowWorker, ...activityWorkers]);
}
