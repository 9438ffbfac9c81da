import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../activities/index.ts';
import { taskQueues, type TaskQueues } from '../domain/shared/queues.ts';
import { BUNDLE_PATH } from './bundle.ts';

export interface LaneSettings {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly identity: string;
  readonly deployment: string;
  readonly provider: string;
  readonly activities: Activities;
}

/**
 * What each lane may do, in calls a second over all workers of the provider, below AWS's published
 * buckets (EC2: 5 mutating and 20 describing calls a second for an account and region), and at once.
 * Waiting costs nothing but memory: a thousand waiting requests must not delay one return.
 */
const LANES: Readonly<Record<Exclude<keyof TaskQueues, 'workflows'>, Partial<WorkerOptions>>> = {
  launch: { maxConcurrentActivityTaskExecutions: 50, maxTaskQueueActivitiesPerSecond: 4 },
  read: { maxConcurrentActivityTaskExecutions: 50, maxTaskQueueActivitiesPerSecond: 10 },
  terminate: { maxConcurrentActivityTaskExecutions: 50, maxTaskQueueActivitiesPerSecond: 4 },
  wait: { maxConcurrentActivityTaskExecutions: 2_000 },
};

/** Time that a call to AWS under way gets to end at a shutdown; waiting is handed back at once instead. */
const FINISH_CALLS = '20s';

export async function createLanes(settings: LaneSettings): Promise<Worker[]> {
  const { connection, namespace, identity, activities } = settings;
  const queues = taskQueues(settings.deployment, settings.provider);
  const common = { connection, namespace, identity, shutdownForceTime: '30s' } as const;
  const workflows = Worker.create({
    ...common,
    taskQueue: queues.workflows,
    workflowBundle: { codePath: BUNDLE_PATH },
    maxConcurrentWorkflowTaskExecutions: 20,
    maxCachedWorkflows: 500,
  });
  const lanes = (['launch', 'read', 'terminate', 'wait'] as const).map((lane) =>
    Worker.create({
      ...common,
      ...LANES[lane],
      taskQueue: queues[lane],
      activities: { ...activities[lane] },
      shutdownGraceTime: lane === 'wait' ? 0 : FINISH_CALLS,
    }),
  );
  return Promise.all([workflows, ...lanes]);
}
