import { setTimeout as delay } from 'node:timers/promises';
import type { EventActivities } from '../../../contract/eventActivities.ts';
import { unpackEvents } from '../../../domain/events/packed.ts';
import type { Outbox } from './outbox.ts';

/** ms that the end of a request may be held up by a slow disk. */
const MAX_PUBLISH_WAIT_MS = 1_000;

/** Where events go, once it could be opened. */
export interface EventSink {
  /** Undefined while it cannot be written. */
  readonly outbox: Outbox | undefined;
  /** Something was published. */
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
      // One that is late is published all the same; told again, it is known.
      const isPublished = await Promise.race([published, delay(MAX_PUBLISH_WAIT_MS, false)]);
      if (isPublished) sink.wake();
      return isPublished;
    },
  };
}
