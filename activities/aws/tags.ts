import type { Ownership } from '../../domain/activities.ts';

/**
 * Everything that we make carries these from its birth. They are enough to find it, to know whose it is,
 * and to give it back, should every other record be lost.
 */
export const TAG = {
  deployment: 'ohf:deployment',
  provider: 'ohf:provider',
  requestId: 'ohf:request-id',
  template: 'ohf:template',
  launch: 'ohf:launch',
} as const;

export type Tags = readonly (readonly [string, string])[];

/** Sorted by key: a retry has to send the same bytes. */
export function instanceTags(
  owner: Ownership,
  templateId: string,
  own: Readonly<Record<string, string>>,
): Tags {
  return Object.entries({
    ...own,
    [TAG.deployment]: owner.deployment,
    [TAG.provider]: owner.provider,
    [TAG.requestId]: owner.requestId,
    [TAG.template]: templateId,
  }).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

export const awsTags = (tags: Tags): { Key: string; Value: string }[] =>
  tags.map(([Key, Value]) => ({ Key, Value }));
