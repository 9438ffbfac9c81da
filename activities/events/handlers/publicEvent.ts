import type { PublishedEvent } from './handler.ts';

/** The public form of an event; id and runId identify it across redeliveries. */
export const toPublicEvent = ({ runId, event }: PublishedEvent) => ({ ...event, runId });

export const serializeEvent = (published: PublishedEvent): string => JSON.stringify(toPublicEvent(published));

/** Equal for all deliveries of one event, and different after a reset. */
export const eventKey = ({ runId, event }: PublishedEvent): string => formatEventKey(runId, event.id);

export const formatEventKey = (runId: string, eventId: string): string => `${runId} ${eventId}`;
