import { Context } from '@temporalio/activity';
import type { DiscoverInput } from '../../../contract/activities.ts';
import { toReadFailure } from '../../runtime/failures.ts';
import type { LaunchedResources } from '../../provider.ts';
import { toObservation, type InstanceReader } from '../instance/instanceReader.ts';
import { isGroupMethod, methodNameFor, type LaunchMethods } from './methods/launchMethod.ts';
import { listGroupsOfMethod } from '../group/ownedGroups.ts';
import { TAG } from '../tags.ts';

interface DiscoveryDependencies {
  readonly launchMethods: LaunchMethods;
  readonly reader: InstanceReader;
  /** `consistencySeconds`: after this time AWS certainly shows what it launched. */
  readonly settings: { readonly consistencySeconds: number };
}

interface DiscoveryRead extends LaunchedResources {
  /** An unfrozen group may still launch; freezing it reads its members again. */
  readonly isFilling: boolean;
}

/** What AWS shows of a request by tag, once two consecutive reads agree. @throws ApplicationFailure */
export async function discoverLaunched(
  dependencies: DiscoveryDependencies,
  input: DiscoverInput,
): Promise<LaunchedResources> {
  try {
    for (let previousIds: string | undefined; ;) {
      const { isFilling, ...found } = await readOnce(dependencies, input);
      const ids = [...found.machines.map(({ machineId }) => machineId), ...found.groups.map(({ id }) => id)];
      const currentIds = ids.toSorted().join();
      if (isFilling || currentIds === previousIds) return found;
      previousIds = currentIds;
      await Context.current().sleep(dependencies.settings.consistencySeconds * 1_000);
    }
  } catch (error) {
    throw toReadFailure(error);
  }
}

async function readOnce(
  { launchMethods, reader }: DiscoveryDependencies,
  { owner, template }: DiscoverInput,
): Promise<DiscoveryRead> {
  const observed = await reader.describeByFilter([
    { Name: `tag:${TAG.deployment}`, Values: [owner.deployment] },
    { Name: `tag:${TAG.requestId}`, Values: [owner.requestId] },
  ]);
  const machines = observed.map(toObservation);
  const name = methodNameFor(template.providerApi);
  const groupsOfMethod = isGroupMethod(name)
    ? await listGroupsOfMethod(name, launchMethods.groups[name], owner)
    : [];
  const requestGroups = groupsOfMethod.filter(({ requestId }) => requestId === owner.requestId);
  const groups = requestGroups.map(({ requestId: _requestId, isFrozen: _frozen, ...group }) => group);
  return { machines, groups, isFilling: requestGroups.some(({ isFrozen }) => !isFrozen) };
}
