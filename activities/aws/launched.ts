import { SETTLE_MS, type FindInput, type Launched } from '../../domain/activities.ts';
import { isAlive } from '../../domain/machine/machine.ts';
import { toReadFailure } from '../failures.ts';
import type { InstanceReader } from './instances.ts';
import { isGroup, managerNameFor, type Managers } from './managers/manager.ts';
import { groupsBy } from './ownedGroups.ts';
import { TAG } from './tags.ts';

interface Where {
  readonly managers: Managers;
  readonly reader: InstanceReader;
}

/** What is alive of a request by its tags. @throws ApplicationFailure while it cannot be read, and that is not given up */
export async function findLaunched(where: Where, input: FindInput): Promise<Launched> {
  try {
    return await read(where, input);
  } catch (error) {
    if (Date.now() >= input.deadline + SETTLE_MS) return { machines: [], groups: [] };
    throw toReadFailure(error);
  }
}

async function read({ managers, reader }: Where, { owner, template }: FindInput): Promise<Launched> {
  const seen = await reader.byFilter([
    { Name: `tag:${TAG.deployment}`, Values: [owner.deployment] },
    { Name: `tag:${TAG.requestId}`, Values: [owner.requestId] },
  ]);
  const machines = seen
    .filter(({ state }) => isAlive(state))
    .map(({ machineId, instanceType, spot }) => ({ machineId, instanceType, spot }));
  const name = managerNameFor(template.providerApi);
  if (!isGroup(name)) return { machines, groups: [] };
  const all = await groupsBy(name, managers.groups[name], owner);
  const groups = all
    .filter(({ requestId }) => requestId === owner.requestId)
    .map(({ requestId: _requestId, frozen: _frozen, ...group }) => group);
  return { machines, groups };
}
