import type { OwnedGroup, ProviderInstance } from '../provider.ts';
import { toProviderError } from './errors.ts';
import type { GroupManager, ListedGroup, Managers } from './managers/manager.ts';
import { TAG } from './tags.ts';

/** Groups with our tags that are not at their end: an owner has to look after each. @throws ProviderError */
export async function readOwnedGroups(
  { groups }: Managers,
  { deployment, provider }: ProviderInstance,
): Promise<readonly OwnedGroup[]> {
  const owned: OwnedGroup[] = [];
  for (const [name, manager] of Object.entries(groups)) {
    for (const { id, frozen, tags } of await listed(manager, deployment)) {
      const isOurs = tags[TAG.deployment] === deployment && tags[TAG.provider] === provider;
      const { [TAG.requestId]: requestId, [TAG.launch]: token } = tags;
      if (!isOurs || requestId === undefined || token === undefined) continue;
      const { outlives } = manager;
      if (!frozen || outlives)
        owned.push({ manager: name, id, token, requestId, ...(outlives && { outlives }) });
    }
  }
  return owned;
}

/** What the worker's role may not even list it has never launched by. */
async function listed(manager: GroupManager, deployment: string): Promise<readonly ListedGroup[]> {
  try {
    return await manager.list(deployment);
  } catch (error) {
    const failure = toProviderError(error);
    if (failure.kind === 'credentials') return [];
    throw failure;
  }
}
