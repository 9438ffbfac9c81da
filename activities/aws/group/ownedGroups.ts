import { ApplicationFailure } from '@temporalio/activity';
import { isAlive } from '../../../domain/machine/machine.ts';
import type { OwnedGroup, ProviderInstance } from '../../provider.ts';
import { toProviderError } from '../client/errors.ts';
import type { InstanceReader } from '../instance/instanceReader.ts';
import type { GroupLaunchMethod, LaunchMethods } from '../launch/methods/launchMethod.ts';
import { TAG } from '../tags.ts';

/**
 * Groups with our tags that an owner has to look after: they may still launch, have to be removed, or have members
 * that carry no request yet, so that nobody would find them. @throws ProviderError
 */
export async function listOwnedGroups(
  { groups }: LaunchMethods,
  reader: InstanceReader,
  { deployment, provider }: ProviderInstance,
): Promise<readonly OwnedGroup[]> {
  const owned: OwnedGroup[] = [];
  const members = await reader.describeByFilter([
    { Name: `tag:${TAG.deployment}`, Values: [deployment] },
    { Name: `tag:${TAG.provider}`, Values: [provider] },
  ]);
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

/** Groups with our tags that this manager made. @throws ApplicationFailure, ProviderError */
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

/** How AWS refuses what the worker's role may not do. */
const FORBIDDEN_CODES: ReadonlySet<unknown> = new Set(['UnauthorizedOperation', 'AccessDenied']);

/** What the worker's role may not even list no template of the site uses. */
async function emptyIfForbidden<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    const code =
      error instanceof ApplicationFailure ? error.details?.[0] : toProviderError(error).providerCode;
    if (FORBIDDEN_CODES.has(code)) return [];
    throw error;
  }
}
