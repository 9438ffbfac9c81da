import type { Template } from '../domain/template/template.ts';
import type { PackedEvents } from '../domain/events/packed.ts';

/** On the queue of the workflows, whose worker starts it at once: it writes to the worker's own disk. */
export interface EventActivities {
  /**
   * Puts events where all handlers find them. Those of the run that are there already are left out.
   * @returns false when it could not be done now; nothing that happens here is a reason to hold up a request
   */
  publishEvents(input: PublishInput): Promise<boolean>;
}

export interface PublishInput {
  readonly runId: string;
  readonly events: PackedEvents;
  /** With the first event of a request: who publishes sees by it that a template has changed. */
  readonly template?: Template;
}
