import { setTimeout as delay } from 'node:timers/promises';
import type { EventActivities } from '../../../contract/eventActivities.ts';
import { unpackEvents } from '../../../domain/events/packed.ts';
import type { Outbox } from './outbox.ts';

/** ms for which a slow disk may delay a request. */
const MAX_PUBLISH_WAIT_MS = 1_000;

/** The outbox, and what to do after a publication or an error. */
export interface EventSink {
  /** Undefined until it could be opened. */
  readonly outbox: Outbox | undefined;
  /** Called after events were published. */
  wake(): void;
  onError(error: unknown): void;
}

export function createEventActivities(sink: EventSink): EventActivities {
  return {
    async publishEvents({ runId, events: packed, template }) {
      const { outbox } = sink;
      if (!outbox) return false;
      const events = unpackEvents(packed);
      const [first] = events;
      const recorded = template && first ? outbox.recordTemplate(template, first) : undefined;
      const published = Promise.all([recorded, outbox.append(runId, events)]).then(
        () => true,
        (error: unknown) => {
          sink.onError(error);
          return false;
        },
      );
      // A late append still takes effect; when the owner publishes the events again, they are recognised as duplicates.
      const isPublished = await Promise.race([published, delay(MAX_PUBLISH_WAIT_MS, false)]);
      if (isPublished) sink.wake();
      return isPublished;
    },
  };
}
