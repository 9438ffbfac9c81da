import type { DomainEvent, EventType } from '../../../domain/events/event.ts';

/** An event and the run of the owner that published it. After a reset another run publishes the same id again. */
export interface PublishedEvent {
  readonly runId: string;
  readonly event: DomainEvent;
}

/**
 * A consumer of events. It receives them in order, without gaps and at least once. A handler that fails gets the same
 * events later; the others do not wait for it. Custom handlers implement the same interface.
 */
export interface EventHandler {
  /** Its offset is stored under this name. */
  readonly name: string;
  /** The event types that it receives; absent: all. */
  readonly types?: readonly EventType[];
  /** Where a new handler starts: with the oldest retained event or with the next one. */
  readonly startFrom: 'earliest' | 'latest';
  /**
   * Handles all events or throws. After a crash, events at the start of a list may be duplicates: an event id and run
   * that was handled must not be handled again.
   */
  handle(published: readonly PublishedEvent[]): Promise<void>;
  close?(): Promise<void>;
}
