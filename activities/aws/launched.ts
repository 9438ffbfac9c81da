import { Context } from '@temporalio/activity';
import type { Launched, LaunchedFor } from '../../domain/activities.ts';
import { toReadFailure } from '../failures.ts';
import { toSighting, type InstanceReader } from './instances.ts';
import { isGroup, managerNameFor, type Managers } from './managers/manager.ts';
import { groupsBy } from './ownedGroups.ts';
import { TAG } from './tags.ts';

interface Where {
  readonly managers: Managers;
  readonly reader: InstanceReader;
  /** `consistencySeconds` is the time after which AWS certainly shows what it launched. */
  readonly settings: { readonly consistencySeconds: number };
}

/** What AWS shows of a request by its tags, once a look finds no more than the one before it. @throws ApplicationFailure */
export async function findLaunched(where: Where, input: LaunchedFor): Promise<Launched> {
  try {
    for (let found = await look(where, input); ;) {
      await Context.current().sleep(where.settings.consistencySeconds * 1_000);
      const again = await look(where, input);
      if (sizeOf(again) === sizeOf(found)) return again;
      found = again;
    }
  } catch (error) {
    throw toReadFailure(error);
  }
}

const sizeOf = ({ machines, groups }: Launched): number => machines.length + groups.length;

async function look({ managers, reader }: Where, { owner, template }: LaunchedFor): Promise<Launched> {
  const seen = await reader.byFilter([
    { Name: `tag:${TAG.deployment}`, Values: [owner.deployment] },
    { Name: `tag:${TAG.requestId}`, Values: [owner.requestId] },
  ]);
  const machines = seen.map(toSighting);
  const name = managerNameFor(template.providerApi);
  if (!isGroup(name)) return { machines, groups: [] };
  const all = await groupsBy(name, managers.groups[name], owner);
  const groups = all
    .filter(({ requestId }) => requestId === owner.requestId)
    .map(({ requestId: _requestId, frozen: _frozen, ...group }) => group);
  return { machines, groups };
}
