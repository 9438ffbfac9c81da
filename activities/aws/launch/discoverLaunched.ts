import { Context } from '@temporalio/activity';
import type { LaunchedFor } from '../../../contract/activities.ts';
import { toReadFailure } from '../../runtime/failures.ts';
import type { Launched } from '../../provider.ts';
import { toSighting, type InstanceReader } from '../instance/instances.ts';
import { isGroup, managerNameFor, type Managers } from './launchMethod.ts';
import { groupsBy } from '../group/ownedGroups.ts';
import { TAG } from '../tags.ts';

interface Where {
  readonly managers: Managers;
  readonly reader: InstanceReader;
  /** `consistencySeconds` is the time after which AWS certainly shows what it launched. */
  readonly settings: { readonly consistencySeconds: number };
}

interface Looked extends Launched {
  /** A group may still launch: who freezes it sees what came of it. */
  readonly isFilling: boolean;
}

/** What AWS shows of a request by its tags, once a look finds what the one before it found. @throws ApplicationFailure */
export async function findLaunched(where: Where, input: LaunchedFor): Promise<Launched> {
  try {
    for (let before: string | undefined; ;) {
      const { isFilling, ...found } = await look(where, input);
      const ids = [...found.machines.map(({ machineId }) => machineId), ...found.groups.map(({ id }) => id)];
      const now = ids.toSorted().join();
      if (isFilling || now === before) return found;
      before = now;
      await Context.current().sleep(where.settings.consistencySeconds * 1_000);
    }
  } catch (error) {
    throw toReadFailure(error);
  }
}

async function look({ managers, reader }: Where, { owner, template }: LaunchedFor): Promise<Looked> {
  const seen = await reader.byFilter([
    { Name: `tag:${TAG.deployment}`, Values: [owner.deployment] },
    { Name: `tag:${TAG.requestId}`, Values: [owner.requestId] },
  ]);
  const machines = seen.map(toSighting);
  const name = managerNameFor(template.providerApi);
  const all = isGroup(name) ? await groupsBy(name, managers.groups[name], owner) : [];
  const own = all.filter(({ requestId }) => requestId === owner.requestId);
  const groups = own.map(({ requestId: _requestId, frozen: _frozen, ...group }) => group);
  return { machines, groups, isFilling: own.some(({ frozen }) => !frozen) };
}
