/**
 * Task queues of one provider instance. Each kind of AWS call has its own, so that many launches do not delay a return,
 * and a thousand waiting requests delay nothing.
 */
export interface TaskQueues {
  readonly workflows: string;
  readonly launch: string;
  readonly read: string;
  readonly terminate: string;
  readonly wait: string;
}

export function taskQueues(deployment: string, provider: string): TaskQueues {
  return taskQueuesFor(`ohf-${deployment}-${provider}`);
}

/** The task queues that belong to the one on which a workflow runs. */
export function taskQueuesFor(workflowQueue: string): TaskQueues {
  return {
    workflows: workflowQueue,
    launch: `${workflowQueue}.launch`,
    read: `${workflowQueue}.read`,
    terminate: `${workflowQueue}.terminate`,
    wait: `${workflowQueue}.wait`,
  };
}
