import { CancellationScope, log } from '@temporalio/workflow';

/** Counts tasks that run in the background. */
export class TaskGroup {
  #running = 0;

  get isEmpty(): boolean {
    return this.#running === 0;
  }

  /**
   * Starts a task that a cancel of the workflow does not stop. A task that throws fails the workflow task, which
   * Temporal retries: if it ended unnoticed, a machine could be left behind.
   */
  start(name: string, task: () => Promise<void>): void {
    void CancellationScope.nonCancellable(() => this.#run(name, task));
  }

  async #run(name: string, task: () => Promise<void>): Promise<void> {
    this.#running += 1;
    try {
      await task();
    } catch (error) {
      log.error('a background task failed', { task: name, error });
      throw error;
    } finally {
      this.#running -= 1;
    }
  }
}
