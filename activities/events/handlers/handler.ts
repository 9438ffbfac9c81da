import type { DomainEvent, EventType } from '../../../domain/events/event.ts';

/** An event as a run of its owner's workflow told it. After a reset another run tells the same id anew. */
export interface PublishedEvent {
  readonly runId: string;
  readonly event: DomainEvent;
}

/**
 * Somebody who is told of events: in order, without gaps, each at least once. A handler that fails is told
 * again, later; the others do not wait for it. A site's own handlers implement the same.
 */
export interface EventHandler {
  /** Its place in the outbox is kept under this name. */
  readonly name: string;
  /** Absent: all. */
  readonly types?: readonly EventType[];
  /** Whether a handler that is new is told of what is still kept of the past. */
  readonly startFrom: 'earliest' | 'latest';
  /**
   * Takes all of them or fails. A crash may bring the same ones again, at the front of a list: what was done
   * for an event id and run is not done again.
   */
  handle(published: readonly PublishedEvent[]): Promise<void>;
  close?(): Promise<void>;
}
