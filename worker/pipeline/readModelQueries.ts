import { setTimeout as delay } from 'node:timers/promises';
import { auditLine, type AuditLine } from '../../activities/events/handlers/auditLine.ts';
import type { Published } from '../../activities/events/handlers/handler.ts';
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

/** What the worker of this host has on its disk of what happened, for those who ask on that host. */
export interface Records {
  /** The newest that fit, at most `limit` of them, oldest first. */
  events(filter: EventFilter, limit: number): Promise<readonly AuditLine[]>;
  /** As `events`, and then each that is published from now on, until the signal aborts. */
  follow(
    filter: EventFilter,
    limit: number,
    show: (line: AuditLine) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** The newest first. */
  requests(filter: RequestFilter, limit: number): Promise<readonly RequestRecord[]>;
  /** Undefined where it is not known. */
  request(id: string): Promise<StoredRequest | undefined>;
}

export interface StoredRequest {
  readonly request: RequestRecord;
  readonly machines: readonly MachineRecord[];
}

const PAGE = 10_000;
const LOOK_MS = 500;

/**
 * @param onNote is told in a sentence what an operator should know
 * @throws ConfigurationError on another host than the worker's, StorageError
 */
export async function withRecords<T>(
  env: Environment,
  onNote: (note: string) => void,
  work: (records: Records) => Promise<T>,
): Promise<T> {
  return withStorage(env, onNote, async ({ store, outbox }) => {
    const newest = async (filter: EventFilter, limit: number): Promise<readonly Published[]> =>
      newestEvents(store, await scopeOf(store, filter), limit);
    return work({
      events: async (filter, limit) => (await newest(filter, limit)).map(auditLine),
      async follow(filter, limit, show, signal) {
        let place = outbox.newest();
        const shown = await newest(filter, limit);
        for (const published of shown) await show(auditLine(published));
        // What was published meanwhile may be in both.
        const had = new Set(shown.map(keyOf));
        while (!signal.aborted) {
          const entries = await outbox.after(place, PAGE);
          const { fits } = await scopeOf(store, filter);
          for (const entry of entries)
            if (fits(entry) && !had.has(keyOf(entry))) await show(auditLine(entry));
          place = entries.at(-1)?.place ?? place;
          await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
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

const keyOf = ({ runId, event }: Published): string => `${runId} ${event.id}`;

interface Scope {
  readonly where: { readonly requestId?: string; readonly machineId?: string; readonly type?: EventType };
  readonly filter: EventFilter;
  readonly fits: (published: Published) => boolean;
}

/** Returns name many machines in one event: that a machine was asked back stands with its request. */
async function scopeOf(store: Store, filter: EventFilter): Promise<Scope> {
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
    fits: ({ event }) =>
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

/** What one step of a request set off has one time. */
const byOrder = (a: Published, b: Published): number =>
  a.event.at - b.event.at ||
  a.event.stream.localeCompare(b.event.stream) ||
  a.event.sequence - b.event.sequence;

async function newestEvents(
  store: Store,
  { where, filter, fits }: Scope,
  limit: number,
): Promise<Published[]> {
  const { from, to } = filter;
  const time = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  const found: Published[] = [];
  for (let after: string | undefined; ;) {
    const page = await store.list('events', {
      where,
      ...time,
      newestFirst: true,
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
    });
    found.push(...page.rows.filter(fits));
    after = page.next;
    if (found.length >= limit || after === undefined) return found.toSorted(byOrder).slice(-limit);
  }
}
