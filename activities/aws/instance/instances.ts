import type { DescribeInstancesCommandInput, EC2Client, Filter } from '@aws-sdk/client-ec2';
import { hostNameOf, namingOf } from '../../../domain/machine/hostName.ts';
import type { Sighting } from '../../../domain/machine/machine.ts';
import { inParallel } from '../../runtime/inParallel.ts';
import { pages } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';
import { readPage } from './instancePage.ts';
import { TAG } from '../tags.ts';

/** A sighting with the tags that say whose the machine is. */
export interface SeenInstance extends Sighting {
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstanceReader {
  /**
   * One complete read: an id that the map lacks was unknown to AWS at that moment.
   * @throws ProviderError when any part could not be read; then nothing may be called absent.
   */
  byId(machineIds: readonly string[]): Promise<ReadonlyMap<string, SeenInstance>>;
  /** All instances that match, e.g. by tag; AWS shows new ones with a delay. @throws ProviderError */
  byFilter(filters: readonly Filter[]): Promise<readonly SeenInstance[]>;
}

/** AWS takes ids without a documented limit; terminated ones are as long to list as live ones. */
const IDS_PER_CALL = 1_000;
const PAGE_SIZE = 1_000;
/** Each may take seconds at AWS, and megabytes of memory here. */
const CALLS_AT_ONCE = 4;

export function createInstanceReader(client: EC2Client): InstanceReader {
  return {
    async byId(machineIds) {
      const calls = Array.from({ length: Math.ceil(machineIds.length / IDS_PER_CALL) }, (_, index) =>
        machineIds.slice(index * IDS_PER_CALL, (index + 1) * IDS_PER_CALL),
      );
      const found = await inParallel(calls, (ids) => readIds(client, ids), CALLS_AT_ONCE);
      return new Map(found.flat().map((instance) => [instance.machineId, instance]));
    },
    byFilter: (filters) => readPages(client, { Filters: [...filters], MaxResults: PAGE_SIZE }),
  };
}

/** One unknown id fails the whole call; AWS names the unknown ones, and the rest is asked for again. */
async function readIds(client: EC2Client, machineIds: readonly string[]): Promise<SeenInstance[]> {
  let ids = machineIds;
  while (ids.length > 0) {
    try {
      return await readPages(client, { InstanceIds: [...ids] });
    } catch (error) {
      const unknown = unknownIds(error);
      const known = ids.filter((id) => !unknown.has(id));
      if (known.length === ids.length) throw error;
      ids = known;
    }
  }
  return [];
}

/** The ids that an `InvalidInstanceID.NotFound` names in its message; none for other errors. */
export function unknownIds(error: unknown): ReadonlySet<string> {
  const { providerCode, message } = toProviderError(error);
  return new Set(
    providerCode === 'InvalidInstanceID.NotFound' ? (message.match(/\bi-[0-9a-f]+/g) ?? []) : [],
  );
}

async function readPages(client: EC2Client, input: DescribeInstancesCommandInput): Promise<SeenInstance[]> {
  const seen: SeenInstance[] = [];
  const read = (NextToken: string | undefined) =>
    readPage(client, NextToken === undefined ? input : { ...input, NextToken });
  try {
    for await (const { instances } of pages(read)) seen.push(...instances.map(named));
  } catch (error) {
    throw toProviderError(error);
  }
  return seen;
}

/** What its request said of names stands on the machine: every reader so gives it the same one, for good. */
function named(instance: SeenInstance): SeenInstance {
  const naming = instance.tags[TAG.hostName];
  if (naming === undefined) return instance;
  const { machineId, name: privateDns, privateIp } = instance;
  return { ...instance, name: hostNameOf(namingOf(naming), { machineId, privateDns, privateIp }) };
}

/** The sighting without the tags. */
export function toSighting({ tags: _tags, ...sighting }: SeenInstance): Sighting {
  return sighting;
}
