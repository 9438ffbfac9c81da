import type { DescribeInstancesCommandInput, EC2Client, Filter } from '@aws-sdk/client-ec2';
import { hostNameOf, parseHostNaming } from '../../../domain/machine/hostName.ts';
import type { Observation } from '../../../domain/machine/machine.ts';
import { mapConcurrently } from '../../runtime/inParallel.ts';
import { paginate } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';
import { describeInstancesPage } from './instancePage.ts';
import { TAG } from '../tags.ts';

/** A sighting with the tags that say whose the machine is. */
export interface InstanceObservation extends Observation {
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstanceReader {
  /**
   * One complete read: an id that the map lacks was unknown to AWS at that moment.
   * @throws ProviderError when any part could not be read; then nothing may be called absent.
   */
  describeByIds(machineIds: readonly string[]): Promise<ReadonlyMap<string, InstanceObservation>>;
  /** All instances that match, e.g. by tag; AWS shows new ones with a delay. @throws ProviderError */
  describeByFilter(filters: readonly Filter[]): Promise<readonly InstanceObservation[]>;
}

/** AWS takes ids without a documented limit; terminated ones are as long to list as live ones. */
const MAX_IDS_PER_CALL = 1_000;
const MAX_PAGE_SIZE = 1_000;
/** Each may take seconds at AWS, and megabytes of memory here. */
const MAX_CONCURRENT_CALLS = 4;

export function createInstanceReader(client: EC2Client): InstanceReader {
  return {
    async describeByIds(machineIds) {
      const calls = Array.from({ length: Math.ceil(machineIds.length / MAX_IDS_PER_CALL) }, (_, index) =>
        machineIds.slice(index * MAX_IDS_PER_CALL, (index + 1) * MAX_IDS_PER_CALL),
      );
      const found = await mapConcurrently(calls, (ids) => describeIds(client, ids), MAX_CONCURRENT_CALLS);
      return new Map(found.flat().map((instance) => [instance.machineId, instance]));
    },
    describeByFilter: (filters) =>
      describeAllPages(client, { Filters: [...filters], MaxResults: MAX_PAGE_SIZE }),
  };
}

/** One unknown id fails the whole call; AWS names the unknown ones, and the rest is asked for again. */
async function describeIds(client: EC2Client, machineIds: readonly string[]): Promise<InstanceObservation[]> {
  let ids = machineIds;
  while (ids.length > 0) {
    try {
      return await describeAllPages(client, { InstanceIds: [...ids] });
    } catch (error) {
      const unknown = unknownInstanceIds(error);
      const known = ids.filter((id) => !unknown.has(id));
      if (known.length === ids.length) throw error;
      ids = known;
    }
  }
  return [];
}

/** The ids that an `InvalidInstanceID.NotFound` names in its message; none for other errors. */
export function unknownInstanceIds(error: unknown): ReadonlySet<string> {
  const { providerCode, message } = toProviderError(error);
  return new Set(
    providerCode === 'InvalidInstanceID.NotFound' ? (message.match(/\bi-[0-9a-f]+/g) ?? []) : [],
  );
}

async function describeAllPages(
  client: EC2Client,
  input: DescribeInstancesCommandInput,
): Promise<InstanceObservation[]> {
  const observations: InstanceObservation[] = [];
  const read = (NextToken: string | undefined) =>
    describeInstancesPage(client, NextToken === undefined ? input : { ...input, NextToken });
  try {
    for await (const { instances } of paginate(read)) observations.push(...instances.map(withHostName));
  } catch (error) {
    throw toProviderError(error);
  }
  return observations;
}

/** What its request said of names stands on the machine: every reader so gives it the same one, for good. */
function withHostName(instance: InstanceObservation): InstanceObservation {
  const naming = instance.tags[TAG.hostName];
  if (naming === undefined) return instance;
  const { machineId, name: privateDns, privateIp } = instance;
  return { ...instance, name: hostNameOf(parseHostNaming(naming), { machineId, privateDns, privateIp }) };
}

/** The sighting without the tags. */
export function toObservation({ tags: _tags, ...observation }: InstanceObservation): Observation {
  return observation;
}
