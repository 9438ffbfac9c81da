import type { PublishedEvent } from './handler.ts';

/** An event as those outside get it: the id and the run together are the same however often it is sent. */
export const toPublicEvent = ({ runId, event }: PublishedEvent) => ({ ...event, runId });

export const serializeEvent = (published: PublishedEvent): string => JSON.stringify(toPublicEvent(published));
