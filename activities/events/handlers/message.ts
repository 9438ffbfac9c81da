import type { Published } from './handler.ts';

/** An event as those outside get it: the id and the run together are the same however often it is sent. */
export const told = ({ runId, event }: Published) => ({ ...event, runId });

export const messageOf = (published: Published): string => JSON.stringify(told(published));
