import type { Payload, Payloads } from './messages.ts';

/** The encoding of the default payload converter of Temporal's SDKs. */
const JSON_PLAIN = Buffer.from('json/plain');

export const toPayload = (value: unknown): Payload => ({
  metadata: { encoding: JSON_PLAIN },
  data: Buffer.from(JSON.stringify(value)),
});

/** @param type Temporal's name of the search attribute's type */
export const toAttribute = (value: string | number, type: 'Keyword' | 'Int'): Payload => ({
  metadata: { encoding: JSON_PLAIN, type: Buffer.from(type) },
  data: Buffer.from(JSON.stringify(value)),
});

/** @throws Error when it is not plain JSON, e.g. because a payload codec encoded it */
export function fromPayload({ metadata, data }: Payload): unknown {
  const encoding = Buffer.from(metadata?.['encoding'] ?? []).toString();
  if (encoding !== 'json/plain') throw new Error(`a payload is encoded as '${encoding}', not json/plain`);
  return JSON.parse(Buffer.from(data ?? []).toString());
}

/** @throws Error when there is none */
export function firstPayload(payloads: Payloads | undefined): unknown {
  const payload = payloads?.payloads?.[0];
  if (!payload) throw new Error('the answer has no payload where one is expected');
  return fromPayload(payload);
}
