import type { OwnerTags } from '../../contract/activities.ts';
import { formatHostNaming } from '../../domain/machine/hostName.ts';
import type { Template } from '../../domain/template/template.ts';

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
  hostName: 'ohf:host-name',
} as const;

export type Tags = readonly (readonly [string, string])[];

/** Of a machine of this request. Sorted by key: a retry has to send the same bytes. */
export function instanceTags(owner: OwnerTags, template: Template): Tags {
  return [...templateTags(owner, template), [TAG.requestId, owner.requestId] as const].toSorted(byKey);
}

/** What all machines of a template share: what a group gives to its members by itself. */
export function templateTags(owner: Omit<OwnerTags, 'requestId'>, template: Template): Tags {
  return Object.entries({
    ...template.tags,
    [TAG.deployment]: owner.deployment,
    [TAG.provider]: owner.provider,
    [TAG.template]: template.templateId,
    ...(template.hostName === undefined ? {} : { [TAG.hostName]: formatHostNaming(template.hostName) }),
  }).toSorted(byKey);
}

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

export const toAwsTags = (tags: Tags): { Key: string; Value: string }[] =>
  tags.map(([Key, Value]) => ({ Key, Value }));

/** What AWS shows of the tags of something. */
export const fromAwsTags = (
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Readonly<Record<string, string>> =>
  Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
