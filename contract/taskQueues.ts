/**
 * Task queues of one provider instance. Each kind of AWS call has its own lane, so that a storm of
 * launches never delays a return, and a thousand waiting requests never delay anything.
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

/** The lanes beside the queue that a workflow itself runs on. */
export function taskQueuesFor(workflowQueue: string): TaskQueues {
  return {
    workflows: workflowQueue,
    launch: `${workflowQueue}.launch`,
    read: `${workflowQueue}.read`,
    terminate: `${workflowQueue}.terminate`,
    wait: `${workflowQueue}.wait`,
  };
}
