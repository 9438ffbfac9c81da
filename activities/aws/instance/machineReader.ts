import type { Ownership } from '../../../contract/activities.ts';
import type { MachineReader, OwnedMachine } from '../../provider.ts';
import { isInstanceId } from '../client/responseGuards.ts';
import type { AwsClients } from '../client/clients.ts';
import { toSighting, type InstanceReader, type SeenInstance } from './instances.ts';
import type { Managers } from '../launch/launchMethod.ts';
import { readOwnedGroups } from '../group/ownedGroups.ts';
import { createNoticeReader } from '../interruption/interruptionNotices.ts';
import { TAG } from '../tags.ts';

/** Instances with what their tags say of whose they are. */
export function createMachineReader(
  aws: AwsClients,
  reader: InstanceReader,
  managers: Managers,
  onReadError: (error: unknown) => void,
): MachineReader {
  const notices = createNoticeReader(aws.reading, onReadError);
  return {
    isId: isInstanceId,
    async byId(machineIds) {
      const seen = await reader.byId(machineIds);
      return new Map([...seen].map(([id, instance]) => [id, toOwned(instance)]));
    },
    async ofProvider({ deployment, provider }) {
      const instances = await reader.byFilter([
        { Name: `tag:${TAG.deployment}`, Values: [deployment] },
        { Name: `tag:${TAG.provider}`, Values: [provider] },
      ]);
      return instances.map(toOwned).filter(({ owner }) => owner !== undefined);
    },
    groupsOf: (instance) => readOwnedGroups(managers, reader, instance),
    reclaimed: (machines) => notices.read(machines),
  };
}

const toOwned = (instance: SeenInstance): OwnedMachine => ({
  ...toSighting(instance),
  owner: ownerOf(instance.tags),
});

/** A member of a group that nobody has claimed yet has no request. */
function ownerOf({
  [TAG.deployment]: deployment,
  [TAG.provider]: provider,
  [TAG.requestId]: requestId,
}: SeenInstance['tags']): Ownership | undefined {
  if (deployment === undefined || provider === undefined || requestId === undefined) return undefined;
  return { deployment, provider, requestId };
}
