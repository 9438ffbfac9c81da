import { ApplicationFailure } from '@temporalio/activity';
import { isAlive } from '../../../domain/machine/machine.ts';
import type { OwnedGroup, ProviderInstance } from '../../provider.ts';
import { toProviderError } from '../client/errors.ts';
import type { InstanceReader } from '../instance/instances.ts';
import type { GroupManager, Managers } from '../launch/launchMethod.ts';
import { TAG } from '../tags.ts';

/**
 * Groups with our tags that an owner has to look after: they may still launch, have to be removed, or have members
 * that carry no request yet, so that nobody would find them. @throws ProviderError
 */
export async function readOwnedGroups(
  { groups }: Managers,
  reader: InstanceReader,
  { deployment, provider }: ProviderInstance,
): Promise<readonly OwnedGroup[]> {
  const owned: OwnedGroup[] = [];
  const members = await reader.byFilter([
    { Name: `tag:${TAG.deployment}`, Values: [deployment] },
    { Name: `tag:${TAG.provider}`, Values: [provider] },
  ]);
  const strays = members.filter(({ state, tags }) => isAlive(state) && tags[TAG.requestId] === undefined);
  for (const [name, manager] of Object.entries(groups)) {
    for (const { frozen, ...group } of await orNone(groupsBy(name, manager, { deployment, provider }))) {
      const hasStrays = strays.some(({ tags }) => tags[manager.memberTag] === group.id);
      if (!frozen || group.outlives || hasStrays) owned.push(group);
    }
  }
  return owned;
}

/** Groups with our tags that this manager made. @throws ApplicationFailure, ProviderError */
export async function groupsBy(
  name: string,
  manager: GroupManager,
  { deployment, provider }: ProviderInstance,
): Promise<readonly (OwnedGroup & { readonly frozen: boolean })[]> {
  const { outlives } = manager;
  return (await manager.list(deployment)).flatMap(({ id, frozen, tags }) => {
    const isOurs = tags[TAG.deployment] === deployment && tags[TAG.provider] === provider;
    const { [TAG.requestId]: requestId, [TAG.launch]: token } = tags;
    if (!isOurs || requestId === undefined || token === undefined) return [];
    return [{ manager: name, id, token, requestId, frozen, ...(outlives && { outlives }) }];
  });
}

/** How AWS refuses what the worker's role may not do. */
const REFUSALS: ReadonlySet<unknown> = new Set(['UnauthorizedOperation', 'AccessDenied']);

/** What the worker's role may not even list no template of the site uses. */
async function orNone<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    const code =
      error instanceof ApplicationFailure ? error.details?.[0] : toProviderError(error).providerCode;
    if (REFUSALS.has(code)) return [];
    throw error;
  }
}
