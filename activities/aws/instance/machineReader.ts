import type { OwnerTags } from '../../../contract/activities.ts';
import type { MachineReader, OwnedObservation } from '../../provider.ts';
import { isInstanceId } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { toObservation, type InstanceReader, type InstanceObservation } from './instanceReader.ts';
import type { LaunchMethods } from '../launch/methods/launchMethod.ts';
import { listOwnedGroups } from '../group/ownedGroups.ts';
import { createInterruptionNoticeReader } from '../interruption/interruptionNotices.ts';
import { TAG } from '../tags.ts';

/** Instances with what their tags say of whose they are. */
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
    async listMachines({ deployment, provider }) {
      const instances = await reader.describeByFilter([
        { Name: `tag:${TAG.deployment}`, Values: [deployment] },
        { Name: `tag:${TAG.provider}`, Values: [provider] },
      ]);
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

/** A member of a group that nobody has claimed yet has no request. */
function ownerOf({
  [TAG.deployment]: deployment,
  [TAG.provider]: provider,
  [TAG.requestId]: requestId,
}: InstanceObservation['tags']): OwnerTags | undefined {
  if (deployment === undefined || provider === undefined || requestId === undefined) return undefined;
  return { deployment, provider, requestId };
}
