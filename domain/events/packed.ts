import type { DomainEvent, EventBase, EventType } from './event.ts';

/**
 * Consecutive events of one stream, as tables: thousands of machines may change at once, and the events stay in the
 * request's history.
 */
export interface PackedEvents {
  readonly v: 1;
  /** Of the first event. */
  readonly sequence: number;
  readonly base: Pick<EventBase, 'stream' | 'requestId' | 'deployment' | 'provider'>;
  readonly tables: readonly EventTable[];
}

/** Events of one type and time: their common fields, and a row of the other fields for each. */
interface EventTable {
  readonly type: EventType;
  /** Epoch ms. */
  readonly at: number;
  readonly common: Fields;
  readonly keys: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

type Fields = Readonly<Record<string, unknown>>;

/** @param events at least one; of one stream, in the order of their sequence, without gaps
 * @throws RangeError if there are none */
export function packEvents(events: readonly DomainEvent[]): PackedEvents {
  const [first] = events;
  if (!first) throw new RangeError('no events to pack');
  const { sequence, stream, requestId, deployment, provider } = first;
  const batches: DomainEvent[][] = [];
  for (const event of events) {
    const batch = batches.at(-1);
    if (batch?.[0] && canShareTable(batch[0], event)) batch.push(event);
    else batches.push([event]);
  }
  return { v: 1, sequence, base: { stream, requestId, deployment, provider }, tables: batches.map(toTable) };
}

export function unpackEvents({ v, sequence, base, tables }: PackedEvents): DomainEvent[] {
  const bodies = tables.flatMap(({ type, at, common, keys, rows }) =>
    rows.map((row) => ({
      at,
      type,
      ...common,
      ...Object.fromEntries(keys.map((key, column) => [key, row[column]])),
    })),
  );
  return bodies.map((body, index): DomainEvent => {
    const eventSequence = sequence + index;
    // Packed from an event of this type, so it has the type's fields.
    return {
      v,
      id: `${base.stream}/${eventSequence}`,
      sequence: eventSequence,
      ...base,
      ...body,
    } as DomainEvent;
  });
}

function bodyOf(event: DomainEvent): Fields {
  const { v: _v, id: _id, sequence: _sequence, stream: _stream, requestId: _requestId, ...rest } = event;
  const { deployment: _deployment, provider: _provider, at: _at, type: _type, ...body } = rest;
  return body;
}

function canShareTable(one: DomainEvent, other: DomainEvent): boolean {
  const keys = (event: DomainEvent): string => Object.keys(event).join();
  return one.type === other.type && one.at === other.at && keys(one) === keys(other);
}

function toTable(batch: readonly DomainEvent[]): EventTable {
  const bodies = batch.map(bodyOf);
  const first = bodies[0] ?? {};
  const keys = Object.keys(first).filter((key) => bodies.some((body) => body[key] !== first[key]));
  const common = Object.fromEntries(Object.entries(first).filter(([key]) => !keys.includes(key)));
  const { type, at } = batch[0] as DomainEvent;
  return { type, at, common, keys, rows: bodies.map((body) => keys.map((key) => body[key])) };
}
