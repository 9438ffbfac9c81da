import { setTimeout as delay } from 'node:timers/promises';
import type { EventActivities } from '../../../contract/eventActivities.ts';
import { unpackEvents } from '../../../domain/events/packed.ts';
import type { Outbox } from './outbox.ts';

/** ms that the end of a request may be held up by a slow disk. */
const PATIENCE_MS = 1_000;

/** Where events go, once it could be opened. */
export interface EventTarget {
  /** Undefined while it cannot be written. */
  readonly outbox: Outbox | undefined;
  /** Something was published. */
  wake(): void;
  onError(error: unknown): void;
}

export function createEventActivities(target: EventTarget): EventActivities {
  return {
    async publishEvents({ runId, events: packed, template }) {
      const { outbox } = target;
      if (!outbox) return false;
      const events = unpackEvents(packed);
      const [first] = events;
      const noted = template && first ? outbox.noteTemplate(template, first) : undefined;
      const published = Promise.all([noted, outbox.append(runId, events)]).then(
        () => true,
        (error: unknown) => {
          target.onError(error);
          return false;
        },
      );
      // One that is late is published all the same; told again, it is known.
      const told = await Promise.race([published, delay(PATIENCE_MS, false)]);
      if (told) target.wake();
      return told;
    },
  };
}
