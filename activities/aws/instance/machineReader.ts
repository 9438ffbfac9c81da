import type { OwnerTags } from '../../../contract/activities.ts';
import type { MachineReader, OwnedObservation } from '../../provider.ts';
import { isInstanceId } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { toObservation, type InstanceReader, type InstanceObservation } from './instanceReader.ts';
import type { LaunchMethods } from '../launch/methods/launchMethod.ts';
import { listOwnedGroups } from '../group/ownedGroups.ts';
import { createInterruptionNoticeReader } from '../interruption/interruptionNotices.ts';
import { TAG, tagFilters } from '../tags.ts';

/** Reads instances and attributes them to their owners by their tags. */
export function createMachineReader(
  aws: AwsClients,
  reader: InstanceReader,
  launchMethods: LaunchMethods,
  onReadError: (error: unknown) => void,
): MachineReader {
  const notices = createInterruptionNoticeReader(aws.reading, onReadError);
  return {
    isMachineId: isInstanceId,
    async readMachines(machineIds) {
      const observed = await reader.describeByIds(machineIds);
      return new Map([...observed].map(([id, instance]) => [id, toOwnedObservation(instance)]));
    },
    async listMachines(instance) {
      const instances = await reader.describeByFilter(tagFilters(instance));
      return instances.map(toOwnedObservation).filter(({ owner }) => owner !== undefined);
    },
    listGroups: (instance) => listOwnedGroups(launchMethods, reader, instance),
    readInterruptions: (machines) => notices.read(machines),
  };
}

const toOwnedObservation = (instance: InstanceObservation): OwnedObservation => ({
  ...toObservation(instance),
  owner: ownerOf(instance.tags),
});

/** A group member that is not tagged yet has no request. */
function ownerOf({
  [TAG.deployment]: deployment,
  [TAG.provider]: provider,
  [TAG.requestId]: requestId,
}: InstanceObservation['tags']): OwnerTags | undefined {
  if (deployment === undefined || provider === undefined || requestId === undefined) return undefined;
  return { deployment, provider, requestId };
}
