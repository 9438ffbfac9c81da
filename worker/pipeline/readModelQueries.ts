import { setTimeout as delay } from 'node:timers/promises';
import { auditLine, type AuditLine } from '../../activities/events/handlers/auditLine.ts';
import type { PublishedEvent } from '../../activities/events/handlers/handler.ts';
import type { MachineRecord, RequestRecord, Store } from '../../activities/storage/store.ts';
import type { Environment } from '../../config/index.ts';
import type { EventType } from '../../domain/events/event.ts';
import { withStorage } from './storage.ts';

export type { AuditLine, MachineRecord, RequestRecord };

export interface EventFilter {
  /** The id of a request or of a return. */
  readonly id?: string;
  readonly machineId?: string;
  readonly type?: EventType;
  /** Epoch ms: `from <= time < to`. */
  readonly from?: number;
  readonly to?: number;
}

export interface RequestFilter {
  readonly isOpen?: true;
  readonly templateId?: string;
}

/** Queries of the read model and the outbox on this host's disk, for commands that run on the worker's host. */
export interface ReadModelQueries {
  /** The newest matching events, at most `limit`, oldest first. */
  events(filter: EventFilter, limit: number): Promise<readonly AuditLine[]>;
  /** Shows what `events` returns, then each matching event as it is published, until the signal aborts. */
  follow(
    filter: EventFilter,
    limit: number,
    show: (line: AuditLine) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** The newest first. */
  requests(filter: RequestFilter, limit: number): Promise<readonly RequestRecord[]>;
  /** Undefined if the read model does not have it. */
  request(id: string): Promise<StoredRequest | undefined>;
}

export interface StoredRequest {
  readonly request: RequestRecord;
  readonly machines: readonly MachineRecord[];
}

const PAGE_SIZE = 10_000;
const POLL_INTERVAL_MS = 500;

/**
 * @param onNote receives sentences for the operator, e.g. about a damaged file
 * @throws ConfigurationError on a host where no worker has run, StorageError
 */
export async function withReadModel<T>(
  env: Environment,
  onNote: (note: string) => void,
  work: (queries: ReadModelQueries) => Promise<T>,
): Promise<T> {
  return withStorage(env, onNote, async ({ store, outbox }) => {
    const newest = async (filter: EventFilter, limit: number): Promise<readonly PublishedEvent[]> =>
      newestEvents(store, await toEventScope(store, filter), limit);
    return work({
      events: async (filter, limit) => (await newest(filter, limit)).map(auditLine),
      async follow(filter, limit, show, signal) {
        let offset = outbox.newestOffset();
        const shown = await newest(filter, limit);
        for (const published of shown) await show(auditLine(published));
        // An event published in the meantime is in both reads.
        const alreadyShown = new Set(shown.map(eventKey));
        while (!signal.aborted) {
          const entries = await outbox.readAfter(offset, PAGE_SIZE);
          const { matches } = await toEventScope(store, filter);
          for (const entry of entries)
            if (matches(entry) && !alreadyShown.has(eventKey(entry))) await show(auditLine(entry));
          offset = entries.at(-1)?.offset ?? offset;
          await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
        }
      },
      async requests({ isOpen, templateId }, limit) {
        const where = templateId === undefined ? {} : { templateId };
        if (!isOpen) return (await store.list('requests', { where, newestFirst: true, limit })).rows;
        const { rows } = await store.list('requests', { where, newestFirst: true });
        return rows.filter(({ endedAt }) => endedAt === 0).slice(0, limit);
      },
      async request(id) {
        const request = await store.get('requests', id);
        if (!request) return undefined;
        const { rows } = await store.list('machines', { where: { requestId: request.requestId } });
        return { request, machines: rows.filter(({ owner }) => owner === id) };
      },
    });
  });
}

const eventKey = ({ runId, event }: PublishedEvent): string => `${runId} ${event.id}`;

interface EventScope {
  readonly where: { readonly requestId?: string; readonly machineId?: string; readonly type?: EventType };
  readonly filter: EventFilter;
  readonly matches: (published: PublishedEvent) => boolean;
}

/**
 * What to read from the store, and which of it matches. One ReturnRequested names many machines and is stored with its
 * request, so a filter by machine reads the machine's whole request.
 */
async function toEventScope(store: Store, filter: EventFilter): Promise<EventScope> {
  const { id, machineId, type, from = -Infinity, to = Infinity } = filter;
  const isReturn = id?.startsWith('ret-') === true;
  const machine = machineId === undefined ? undefined : await store.get('machines', machineId);
  const requestId = isReturn ? undefined : (id ?? machine?.requestId);
  return {
    filter,
    where: {
      ...(requestId === undefined ? {} : { requestId }),
      ...(machineId !== undefined && requestId === undefined && !isReturn ? { machineId } : {}),
      ...(isReturn ? { type: 'ReturnRequested' } : type === undefined ? {} : { type }),
    },
    matches: ({ event }) =>
      (type === undefined || event.type === type) &&
      (requestId === undefined || event.requestId === requestId) &&
      (!isReturn || (event.type === 'ReturnRequested' && event.returnId === id)) &&
      (machineId === undefined ||
        ('machineId' in event && event.machineId === machineId) ||
        (event.type === 'ReturnRequested' && event.machineIds.includes(machineId))) &&
      event.at >= from &&
      event.at < to,
  };
}

/** By time, then stream and sequence: events of one workflow step have the same time. */
const compareEvents = (a: PublishedEvent, b: PublishedEvent): number =>
  a.event.at - b.event.at ||
  a.event.stream.localeCompare(b.event.stream) ||
  a.event.sequence - b.event.sequence;

async function newestEvents(
  store: Store,
  { where, filter, matches }: EventScope,
  limit: number,
): Promise<PublishedEvent[]> {
  const { from, to } = filter;
  const time = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const found: PublishedEvent[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.list('events', {
      where,
      ...time,
      newestFirst: true,
      limit: PAGE_SIZE,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.rows.filter(matches));
    after = page.next;
    if (found.length >= limit || after === undefined) return found.toSorted(compareEvents).slice(-limit);
  }
}
