import pMap from 'p-map';
import type { DescribeInstancesCommandInput, EC2Client, Filter } from '@aws-sdk/client-ec2';
import { hostNameOf, parseHostNaming } from '../../../domain/machine/hostName.ts';
import type { Observation } from '../../../domain/machine/machine.ts';
import { paginate } from '../client/responseGuards.ts';
import { isAwsError, toProviderError } from '../client/errors.ts';
import { describeInstancesPage } from './instancePage.ts';
import { TAG } from '../tags.ts';

/** An observation with the machine's tags, which name its owner. */
export interface InstanceObservation extends Observation {
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstanceReader {
  /**
   * One complete read; an id missing from the map was unknown to AWS.
   * @throws ProviderError if any part failed; then nothing may be called absent
   */
  describeByIds(machineIds: readonly string[]): Promise<ReadonlyMap<string, InstanceObservation>>;
  /** All instances that match, e.g. by tag; AWS shows new ones with a delay. @throws ProviderError */
  describeByFilter(filters: readonly Filter[]): Promise<readonly InstanceObservation[]>;
}

/** AWS documents no limit; terminated instances are listed like live ones. */
const MAX_IDS_PER_CALL = 1_000;
const MAX_PAGE_SIZE = 1_000;
/** Each call may take seconds and megabytes. */
const MAX_CONCURRENT_CALLS = 4;

export function createInstanceReader(client: EC2Client): InstanceReader {
  return {
    async describeByIds(machineIds) {
      const calls = Array.from({ length: Math.ceil(machineIds.length / MAX_IDS_PER_CALL) }, (_, index) =>
        machineIds.slice(index * MAX_IDS_PER_CALL, (index + 1) * MAX_IDS_PER_CALL),
      );
      const found = await pMap(calls, (ids) => describeIds(client, ids), {
        concurrency: MAX_CONCURRENT_CALLS,
      });
      return new Map(found.flat().map((instance) => [instance.machineId, instance]));
    },
    describeByFilter: (filters) =>
      describeAllPages(client, { Filters: [...filters], MaxResults: MAX_PAGE_SIZE }),
  };
}

/** One unknown id fails the whole call; the call is repeated without the ids that AWS names. */
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

/** The ids that a `notFound` error names in its message; none for other errors. */
export function unknownInstanceIds(error: unknown): ReadonlySet<string> {
  const failure = toProviderError(error);
  return new Set(isAwsError(failure, 'notFound') ? (failure.message.match(/\bi-[0-9a-f]+/g) ?? []) : []);
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

/** The naming strategy is in a tag, so every reader always derives the same name. */
function withHostName(instance: InstanceObservation): InstanceObservation {
  const naming = instance.tags[TAG.hostNaming];
  if (naming === undefined) return instance;
  const { machineId, name: privateDns, privateIp } = instance;
  return { ...instance, name: hostNameOf(parseHostNaming(naming), { machineId, privateDns, privateIp }) };
}

/** The observation without the tags. */
export function toObservation({ tags: _tags, ...observation }: InstanceObservation): Observation {
  return observation;
}
