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
 * Activities of each lane at once. The rate of calls is limited where they are made (activities/aws/client/rateLimit.ts).
 * Waiting costs nothing but memory: a thousand waiting requests must not delay one return.
 */
const MAX_CONCURRENT_ACTIVITIES: Readonly<Record<Exclude<keyof TaskQueues, 'workflows'>, number>> = {
  launch: 50,
  read: 50,
  terminate: 50,
  wait: 2_000,
};

/** Time that a call to AWS under way gets to end at a shutdown; waiting is handed back at once instead. */
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
