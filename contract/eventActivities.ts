import type { Template } from '../domain/template/template.ts';
import type { PackedEvents } from '../domain/events/packed.ts';

/** Runs on the task queue of the workflows, because it writes to the disk of the worker that runs them. */
export interface EventActivities {
  /**
   * Appends events to the outbox, from which every handler reads them. Skips events of the run that it already has.
   * @returns false if it failed; a failure here must not delay a request
   */
  publishEvents(input: PublishInput): Promise<boolean>;
}

export interface PublishInput {
  readonly runId: string;
  readonly events: PackedEvents;
  /** With the first event of a request: shows that a template has changed. */
  readonly template?: Template;
}
