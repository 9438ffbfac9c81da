import { isAlive } from '../../../domain/machine/machine.ts';
import type { OwnedGroup, ProviderInstance } from '../../provider.ts';
import { isAwsError } from '../client/errors.ts';
import type { InstanceReader } from '../instance/instanceReader.ts';
import type { GroupLaunchMethod, LaunchMethods } from '../launch/methods/launchMethod.ts';
import { TAG, tagFilters } from '../tags.ts';

/**
 * Groups of this provider that need an open owner: they may still launch, must be deleted, or have instances without a
 * request tag, which no other read attributes to a request. @throws ProviderError
 */
export async function listOwnedGroups(
  { groups }: LaunchMethods,
  reader: InstanceReader,
  { deployment, provider }: ProviderInstance,
): Promise<readonly OwnedGroup[]> {
  const owned: OwnedGroup[] = [];
  const members = await reader.describeByFilter(tagFilters({ deployment, provider }));
  const untaggedMembers = members.filter(
    ({ state, tags }) => isAlive(state) && tags[TAG.requestId] === undefined,
  );
  for (const [name, method] of Object.entries(groups)) {
    for (const { isFrozen, ...group } of await emptyIfForbidden(
      listGroupsOfMethod(name, method, { deployment, provider }),
    )) {
      const hasUntaggedMembers = untaggedMembers.some(({ tags }) => tags[method.memberTag] === group.id);
      if (!isFrozen || group.mustBeDeleted || hasUntaggedMembers) owned.push(group);
    }
  }
  return owned;
}

/** Groups with our tags that this launch method created. @throws ApplicationFailure, ProviderError */
export async function listGroupsOfMethod(
  name: string,
  method: GroupLaunchMethod,
  { deployment, provider }: ProviderInstance,
): Promise<readonly (OwnedGroup & { readonly isFrozen: boolean })[]> {
  const { mustBeDeleted } = method;
  return (await method.list(deployment)).flatMap(({ id, isFrozen, tags }) => {
    const isOurs = tags[TAG.deployment] === deployment && tags[TAG.provider] === provider;
    const { [TAG.requestId]: requestId, [TAG.launch]: token } = tags;
    if (!isOurs || requestId === undefined || token === undefined) return [];
    return [{ launchMethod: name, id, token, requestId, isFrozen, ...(mustBeDeleted && { mustBeDeleted }) }];
  });
}

/** Empty if the worker's role may not list them: a role without the permission belongs to a site without such groups. */
async function emptyIfForbidden<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    if (isAwsError(error, 'unauthorized')) return [];
    throw error;
  }
}
