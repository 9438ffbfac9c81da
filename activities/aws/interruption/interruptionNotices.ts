import { DescribeSpotInstanceRequestsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { Sighting } from '../../../domain/machine/machine.ts';
import { pages, told } from '../client/responseGuards.ts';
import { toProviderError } from '../client/errors.ts';

export interface NoticeReader {
  /** Of these machines, those that AWS announced to take away: epoch ms at which it does. */
  read(machines: readonly Sighting[]): Promise<ReadonlyMap<string, number>>;
}

/** AWS announces an interruption this long before (EC2 User Guide, Spot interruption notices). */
const NOTICE_MS = 120_000;
/** Codes of a spot request whose instance is about to go (EC2 User Guide, Spot request status). */
const MARKED = ['marked-for-termination', 'marked-for-stop'];
const PAGE_SIZE = 1_000;

/**
 * Reads the announcements from the spot requests, while spot machines are alive. A failure of this read hides
 * no other news: what was announced before holds, and the error is told once until it passes.
 */
export function createNoticeReader(client: EC2Client, onError: (error: unknown) => void): NoticeReader {
  let known: ReadonlyMap<string, number> = new Map();
  let failing = false;
  return {
    async read(machines) {
      if (!machines.some(({ state, spot }) => spot && state === 'running')) return new Map();
      try {
        known = await readMarked(client);
        failing = false;
      } catch (error) {
        if (!failing) onError(toProviderError(error));
        failing = true;
      }
      return known;
    },
  };
}

async function readMarked(client: EC2Client): Promise<ReadonlyMap<string, number>> {
  const marked = new Map<string, number>();
  const read = (NextToken: string | undefined) =>
    client.send(
      new DescribeSpotInstanceRequestsCommand({
        Filters: [{ Name: 'status-code', Values: MARKED }],
        MaxResults: PAGE_SIZE,
        ...(NextToken === undefined ? {} : { NextToken }),
      }),
    );
  for await (const { SpotInstanceRequests } of pages(read)) {
    for (const { InstanceId, Status } of told(SpotInstanceRequests, 'list of spot requests')) {
      if (InstanceId) marked.set(InstanceId, (Status?.UpdateTime?.getTime() ?? Date.now()) + NOTICE_MS);
    }
  }
  return marked;
}
