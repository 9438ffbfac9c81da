import type { OwnerTags } from '../../contract/activities.ts';
import { formatHostNaming } from '../../domain/machine/hostName.ts';
import type { Template } from '../../domain/template/template.ts';

/**
 * Everything we create carries these tags from its creation. They suffice to find it, attribute it and release it if
 * every other record is lost.
 */
export const TAG = {
  deployment: 'ohf:deployment',
  provider: 'ohf:provider',
  requestId: 'ohf:request-id',
  template: 'ohf:template',
  launch: 'ohf:launch',
  hostNaming: 'ohf:host-naming',
} as const;

export type Tags = readonly (readonly [string, string])[];

/** Tags of a request's machine, sorted by key: a retry must send the same bytes. */
export function instanceTags(owner: OwnerTags, template: Template): Tags {
  return [...templateTags(owner, template), [TAG.requestId, owner.requestId] as const].toSorted(byKey);
}

/** Tags shared by all machines of a template, which a group gives to its members. */
export function templateTags(owner: Omit<OwnerTags, 'requestId'>, template: Template): Tags {
  return Object.entries({
    ...template.tags,
    [TAG.deployment]: owner.deployment,
    [TAG.provider]: owner.provider,
    [TAG.template]: template.templateId,
    ...(template.hostName === undefined ? {} : { [TAG.hostNaming]: formatHostNaming(template.hostName) }),
  }).toSorted(byKey);
}

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

export const toAwsTags = (tags: Tags): { Key: string; Value: string }[] =>
  tags.map(([Key, Value]) => ({ Key, Value }));

/** The tags of an AWS resource, by key. */
export const fromAwsTags = (
  tags: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] = [],
): Readonly<Record<string, string>> =>
  Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));

/** Finds all resources of a provider instance. */
export const tagFilters = ({
  deployment,
  provider,
}: Pick<OwnerTags, 'deployment' | 'provider'>): { Name: string; Values: string[] }[] => [
  { Name: `tag:${TAG.deployment}`, Values: [deployment] },
  { Name: `tag:${TAG.provider}`, Values: [provider] },
];
